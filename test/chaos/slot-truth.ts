import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { containerId } from '../../main/house/home/generations.ts'

/** What the home says of one slot's directory, read past Berth. */
export interface SlotTruth {
  readonly slot: string
  /** `spare`: nobody's. `claimed`: its files are the thread's. `broken off`: marked, and nothing of it may last. */
  readonly kind: 'spare' | 'claimed' | 'broken off'
  readonly id: string | null
  readonly thread: string | null
}

export async function slotsOf(home: string): Promise<SlotTruth[]> {
  const names = await readdir(join(home, 'slots')).catch(() => []) // none was made yet
  return await Promise.all(names.map((slot) => slotOf(home, slot)))
}

/** Where a thread's files may lie right after a crash: in its directory, and in a slot whose claim was cut short, from where the next start brings them back. */
export async function userDataOf(home: string, thread: string): Promise<string[]> {
  const id = containerId('default', thread)
  const slots = (await readdir(join(home, 'slots')).catch(() => [])).map((slot) => join(home, 'slots', slot)) // none was made yet
  const claimed = await Promise.all(
    slots.map(async (dir) => ((await readFile(join(dir, 'claim.json'), 'utf8').catch(() => '')).includes(`"id":"${id}"`) ? [join(dir, 'user-data')] : [])),
  )
  return [join(home, 'users/default/threads', thread, 'user-data'), ...claimed.flat()]
}

export async function slotOf(home: string, slot: string): Promise<SlotTruth> {
  const dir = join(home, 'slots', slot)
  const nobody = { slot, id: null, thread: null }
  const text = await readFile(join(dir, 'claim.json'), 'utf8').catch(() => null) // nobody has claimed it
  if (text === null) return { ...nobody, kind: 'spare' }
  // Retired.
  if (text === '') return { ...nobody, kind: 'broken off' }
  const claim = JSON.parse(text) as { retired?: true; id?: string; thread?: string | null }
  const there = await lstat(join(dir, 'user-data')).catch(() => null) // it was moved, and the link is not there yet
  if (claim.id === undefined || there?.isDirectory()) return { ...nobody, kind: 'broken off' }
  return { slot, kind: 'claimed', id: claim.id, thread: claim.thread ?? null }
}
