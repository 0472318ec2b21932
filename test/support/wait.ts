import { setTimeout as sleep } from 'node:timers/promises'

/** Tries until `attempt` gives something other than undefined or false; then fails with what it was waiting for. */
export async function eventually<T>(
  what: string,
  attempt: () => Promise<T | undefined | false> | T | undefined | false,
  options: { within?: number; every?: number } = {},
): Promise<T> {
  const within = options.within ?? 30_000
  const end = performance.now() + within
  let last: unknown
  for (;;) {
    try {
      const got = await attempt()
      if (got !== undefined && got !== false) return got
      last = undefined
    } catch (error) {
      last = error
    }
    if (performance.now() > end) throw new Error(`${what}: not within ${within} ms`, last === undefined ? {} : { cause: last })
    await sleep(options.every ?? 25)
  }
}

/** Fails with a name instead of hanging until the runner's own time-out. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  const ended = new AbortController()
  try {
    return await Promise.race([
      work,
      sleep(ms, undefined, { signal: ended.signal }).then((): never => {
        throw new Error(`${what}: not within ${ms} ms`)
      }),
    ])
  } finally {
    ended.abort()
  }
}
