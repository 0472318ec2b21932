import { listeners } from '../../shared/listeners.ts'
import type { HouseStore } from './house-store.ts'

/** The engine's clock on this page, which ticks only for those who look. */
export interface Ticker {
  /** Ms since 1970 by the engine's clock, as of the last tick. */
  second(): number
  /** The same, changing once a minute. */
  minute(): number
  subscribe(listener: () => void): () => void
  close(): void
}

/** The engine's clock: what it said last, and the time since. Before it said anything: this machine's. */
export function engineNow({ state, at }: { state: { house: { now: string } } | null; at: number }, monotonic: number, wall: number): number {
  return state === null ? wall : Date.parse(state.house.now) + (monotonic - at)
}

/** Ticks once a second while somebody listens and the page is in sight. */
export function ticker(store: HouseStore, page: Document): Ticker {
  const looking = listeners()
  let timer: ReturnType<typeof setInterval> | undefined
  let second = read()
  let minute = second

  function read(): number {
    return engineNow(store.getState(), performance.now(), Date.now())
  }

  function tick(): void {
    second = read()
    if (Math.abs(second - minute) >= 60_000) minute = second
    looking.tell()
  }

  function settle(): void {
    const wanted = looking.size() > 0 && page.visibilityState === 'visible'
    if (wanted === (timer !== undefined)) return
    if (wanted) {
      timer = setInterval(tick, 1000)
      // Whoever looks first sees now, not the last time that somebody looked.
      queueMicrotask(tick)
    } else {
      clearInterval(timer)
      timer = undefined
    }
  }

  // A snapshot brings the engine's clock, which may be another than this machine's.
  const unwatch = store.subscribe((now, before) => {
    if (now.at === before.at || (before.state !== null && Math.abs(read() - second) < 1500)) return
    second = minute = read()
    looking.tell()
  })
  page.addEventListener('visibilitychange', settle)
  return {
    second: () => second,
    minute: () => minute,
    subscribe(listener) {
      const off = looking.on(listener)
      settle()
      return () => {
        off()
        settle()
      }
    },
    close() {
      clearInterval(timer)
      looking.clear()
      unwatch()
      page.removeEventListener('visibilitychange', settle)
    },
  }
}
