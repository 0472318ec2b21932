/** Runs work; `late` gets what comes after it was given up. */
export type Lane = <T>(work: () => Promise<T>, late?: (value: T) => void) => Promise<T>

/**
 * Work that may never end, few at a time: each call is given up after `boundMs`, waiting for a place included. Its place is
 * free again only when the work itself has ended, as whatever it holds is.
 */
export function lane(places: number, boundMs: number, tooLate: () => Error): Lane {
  let free = places
  const waiting: (() => void)[] = []

  const leave = (): void => {
    free += 1
    waiting.shift()?.()
  }

  return async <T>(work: () => Promise<T>, late: (value: T) => void = () => undefined): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    let given = false
    const start = (): void => {
      free -= 1
      work()
        .then((value) => (given ? late(value) : resolve(value)), reject)
        .finally(leave)
    }
    const timer = setTimeout(() => {
      given = true
      const at = waiting.indexOf(start)
      if (at >= 0) waiting.splice(at, 1)
      reject(tooLate())
    }, boundMs)
    if (free > 0) start()
    else waiting.push(start)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }
}
