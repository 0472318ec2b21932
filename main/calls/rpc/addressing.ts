import type { Acquired, Sandbox } from '../../../shared/sandbox.ts'

/** How clients reach sandboxes. `via`: the name by which the caller reached Berth, where that is not loopback. */
export interface Addressing {
  /** Resolves when addresses handed out from now on outlive a crash: one that was just changed may be on its way to the disk. */
  settled(id: string): Promise<void>
  /** What a holder gets: an address that needs nothing else, or whatever the configuration wants instead. */
  hand(got: Acquired, via: string | undefined): Acquired
  /** The address that a program is given for a sandbox that it may use; null while there is none. */
  given(it: Sandbox, via: string | undefined): string | null
  /** Opens it in a browser, at an origin of its own; as secret as the address. null: there is no sandbox port. */
  enter(id: string): string | null
  /** What everybody who may look sees: no secret in it. */
  show<T extends Sandbox>(it: T, via: string | undefined): T
  /** Ends the addresses handed out so far, and what runs over them. Throws when that cannot be written down. */
  rotate(id: string): Promise<void>
}

/** Straight to the container, with its key: where there is no sandbox port. */
export function directAddressing(): Addressing {
  return { settled: () => Promise.resolve(), hand: (got) => got, given: (it) => it.url, enter: () => null, show: (it) => it, rotate: () => Promise.resolve() }
}
