import type { Mount } from '../backends/backend.ts'

/** What lies on the disk of one slot. */
export type SlotState =
  | { readonly kind: 'absent' }
  /** Nobody has claimed it. */
  | { readonly kind: 'spare' }
  /** It was taken out of use, and never held a thread's file. */
  | { readonly kind: 'retired' }
  /** Claimed, and its directory is not where the thread lives: what was moved in belongs back there. */
  | { readonly kind: 'undone'; readonly place: Place; readonly started: string }
  /** Claimed, and its directory is the thread's. */
  | { readonly kind: 'home'; readonly place: Place; readonly started: string }

/** What a claim finds at both ends. */
export interface SlotSight {
  /** Beside the agents' directories, empty still, and what the engine made to mount something upon. */
  readonly slotEmpty: boolean
  /** A name of the thread's where something is mounted into the slot, which it would cover; null: none. */
  readonly covered: string | null
  readonly sameVolume: boolean
  readonly thread: 'absent' | 'directory' | 'other'
  readonly sameOwner: boolean
  /** Names in the thread's `user-data`. */
  readonly children: readonly string[]
  /** Of the thread's `user-data`, or what it would be made with. */
  readonly mode: number
}

/** The steps of a claim that touch files; each is one await, and the disk tells after any of them which were done. */
export interface ClaimFiles {
  look(): Promise<SlotSight>
  /** What `mark` is to put in place, written down beside it: that takes a disk longest, and binds nobody. */
  stage(): Promise<void>
  /** Removes what `stage` wrote. */
  clear(): Promise<void>
  /** 1: mutex, journal and identity. False: it is somebody's already. */
  mark(): Promise<boolean>
  /** 2: one child of the thread's directory into the slot's. */
  moveIn(name: string): Promise<void>
  /** 3: the slot's directory becomes the thread's. From here on the claim is done. */
  bringHome(mode: number): Promise<void>
  /** 4: a link from the old place to the new. */
  leaveLink(): Promise<void>
  /** The directories that agents are told of came with the slot: as its thread's are made. */
  leaves(): Promise<void>
  /** Undoes 2. */
  moveBack(): Promise<void>
}

/** Slots on disk. Errors are DISK_FULL and HOME_UNUSABLE. */
export interface SlotFiles {
  names(): Promise<string[]>
  /** Puts away what proofs that were cut short left. For the start only. */
  tidy(): Promise<void>
  state(slot: string): Promise<SlotState>
  /** Host path of what its sandbox has at /mnt/user-data. */
  userDataOf(slot: string): string
  /** Whether nothing lies in it but what a claim reckons with, see `SlotSight.slotEmpty`. */
  untouched(slot: string, inner: readonly string[]): Promise<boolean>
  /** A new one, with the directories that agents are told of. */
  make(slot: string): Promise<void>
  /**
   * Moves its directory to where threads live and back; `read` asks its running sandbox for a file there by name. null: the
   * sandbox saw it; otherwise why late binding does not work here.
   */
  prove(slot: string, read: (name: string) => Promise<string>): Promise<string | null>
  /** `inner`: where something is mounted below its user-data, by paths from there. */
  claim(slot: string, place: Place, started: string, inner?: readonly string[]): ClaimFiles
  /** Takes it out of use for ever; false: somebody claimed it first. */
  retire(slot: string): Promise<boolean>
  /** Brings every file to where it belongs, whatever was under way, with no engine's help; says what was found. */
  recover(slot: string): Promise<SlotState>
  /** Removes its directory, once its container is gone. Absent is fine. */
  drop(slot: string): Promise<void>
}

/** Where something is mounted below the thread's files, by paths from there. */
export function innerTargets({ mounts }: { readonly mounts: readonly Mount[] }): string[] {
  const above = '/mnt/user-data/'
  return mounts.flatMap(({ target }) => (target.startsWith(above) ? [target.slice(above.length)] : []))
}

/** A sandbox's key as far as directories are concerned. `id` names an anonymous one's directory. */
export interface Place {
  readonly id: string
  readonly user: string
  readonly thread: string | null
}
