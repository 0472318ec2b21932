import { listeners } from '../../shared/listeners.ts'
import { applyPatch, type HouseState } from '../../shared/state.ts'
import type { Subscription } from '../../shared/wire/endpoint.ts'
import type { EngineLink, LinkState } from './link.ts'

/** The shell's own copy of the engine's state, for tray, quit and native things. */
export interface HouseMirror {
  /** The last one known: it stays while the engine is lost, and goes with a new instance. */
  state(): HouseState | null
  onChange(listener: () => void): void
  /** Asks for a new snapshot. */
  resync(): void
  close(): void
}

export function houseMirror(link: EngineLink): HouseMirror {
  let state: HouseState | null = null
  let instance: string | null = null
  let seq = -1
  let subscription: Subscription<'state'> | null = null
  const { tell: changed, on: onChange, clear } = listeners()

  function follow(now: LinkState): void {
    subscription?.close()
    subscription = null
    if (now.state === 'open') {
      const { engine } = now
      if (instance !== engine.instance) state = null
      instance = engine.instance
      const mine = engine.endpoint.subscribe(
        'state',
        {},
        {
          event(event) {
            if (event.type === 'snapshot') state = event.state
            else if (event.seq !== seq + 1 || !state) return resync()
            else state = applyPatch(state, event.ops)
            seq = event.seq
            changed()
          },
          // A connection that broke is the link's to tell; an engine that is closing is about to break it.
          end: () => {
            if (subscription === mine) subscription = null
          },
        },
      )
      subscription = mine
    }
    changed()
  }

  function resync(): void {
    const now = link.current()
    seq = -1
    if (now.state === 'open') follow(now)
  }

  const off = link.onChange(follow)
  follow(link.current())
  return {
    state: () => state,
    onChange,
    resync,
    close() {
      off()
      subscription?.close()
      clear()
    },
  }
}
