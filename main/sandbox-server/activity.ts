/** When somebody last worked here, for whoever decides whether this sandbox is idle. */
export interface Activity {
  touch(): void
  idleSeconds(): number
}

/** `now`: monotonic milliseconds. */
export function activity(now: () => number): Activity {
  let last = now()
  return {
    touch: () => {
      last = now()
    },
    idleSeconds: () => Math.max(0, (now() - last) / 1000),
  }
}
