import { setTimeout as sleep } from 'node:timers/promises'
import type { CloseOptions, Engine } from './engine-api.ts'

/** What stands in the way of a second start (a configuration in the middle of an edit, a port just let go) may pass. Milliseconds. */
const againMs = [500, 2000, 5000]

/**
 * An engine that may start itself anew in the same process: what it works with is decided at a start. Whoever holds it keeps
 * one engine; its instance changes, its address does not. `begin` gets what asks for the next start.
 */
export async function restarting(begin: (restart: () => void) => Promise<Engine>, failed: (error: unknown) => void): Promise<Engine> {
  let end: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    end = resolve
  })
  let closing: ReturnType<Engine['close']> | null = null
  let turn: Promise<void> = Promise.resolve()
  // Set while one starts too: it may find at once that it should start anew, and says so again at its next look.
  let changing = true
  let current = await begin(restart)
  follow(current)
  changing = false

  /** Closed by a call (`shutdown`), and not for the sake of the next one: that is the end of it. */
  function follow(engine: Engine): void {
    void engine.closed.then(() => {
      if (engine === current && !changing) end()
    })
  }

  async function next(): Promise<Engine> {
    for (const ms of againMs) {
      try {
        return await begin(restart)
      } catch (error) {
        if (closing) throw error
        failed(error)
        await sleep(ms)
      }
    }
    return await begin(restart)
  }

  function restart(): void {
    if (changing || closing) return
    changing = true
    turn = (async () => {
      try {
        await current.close()
        if (closing) return
        current = await next()
        changing = false
        follow(current)
      } catch (error) {
        failed(error)
        end()
      }
    })()
  }

  async function close(how?: CloseOptions): ReturnType<Engine['close']> {
    await turn
    const left = await current.close(how)
    end()
    return left
  }

  return {
    get url() { return current.url },
    get port() { return current.port },
    get home() { return current.home },
    get instance() { return current.instance },
    get attached() { return current.attached },
    async call(name, input, options) {
      await turn
      return await current.call(name, input, options)
    },
    async endpoint(who) {
      await turn
      return await current.endpoint(who)
    },
    closed,
    close: (how) => (closing ??= close(how)),
  }
}
