import { describe, expect, it } from 'vitest'
import type { Engine } from '../../main/engine/engine-api.ts'
import { restarting } from '../../main/engine/engine.ts'
import { eventually } from '../support/wait.ts'

/** Engines, one after another, each of which only counts. */
function engines(fails: (n: number) => boolean = () => false) {
  const made: { n: number; restart: () => void; closed: boolean; end(): void }[] = []
  let tries = 0
  const begin = async (restart: () => void): Promise<Engine> => {
    tries += 1
    if (fails(tries)) throw new Error(`start ${tries} failed`)
    let end: () => void = () => undefined
    const closed = new Promise<void>((resolve) => {
      end = resolve
    })
    const it = { n: made.length + 1, restart, closed: false, end: () => end() }
    made.push(it)
    return {
      url: 'http://127.0.0.1:7878',
      port: 7878,
      home: '/h',
      instance: `i${it.n}`,
      attached: false,
      closed,
      call: async () => `answer of ${it.n}` as never,
      endpoint: async () => ({}) as never,
      close: async () => {
        it.closed = true
        end()
        return []
      },
    }
  }
  return { made, begin }
}
const quiet = (): never => {
  throw new Error('nothing may fail here')
}
const isOpen = async (engine: Engine): Promise<boolean> => (await Promise.race([engine.closed.then(() => 'closed'), Promise.resolve('open')])) === 'open'

describe('an engine that may start anew', () => {
  it('stays one to whoever holds it', async () => {
    const { made, begin } = engines()
    const engine = await restarting(begin, quiet)
    made[0]!.restart()
    expect(await engine.call('status', {})).toBe('answer of 2')
    expect([engine.instance, engine.port, made[0]!.closed, await isOpen(engine)]).toEqual(['i2', 7878, true, true])
    await engine.close()
    await engine.closed
    expect(made.map(({ closed }) => closed)).toEqual([true, true])
  })

  it('may ask for it while it still starts, which counts for nothing', async () => {
    const { made, begin } = engines()
    const engine = await restarting(async (restart) => {
      restart()
      return await begin(restart)
    }, quiet)
    made[0]!.restart()
    await eventually('the second one is there', () => engine.instance === 'i2')
    expect(made).toHaveLength(2)
    await engine.close()
  })

  it('asked twice starts once, and not at all once it closes', async () => {
    const { made, begin } = engines()
    const engine = await restarting(begin, quiet)
    made[0]!.restart()
    made[0]!.restart()
    await engine.close()
    made.at(-1)!.restart()
    await engine.closed
    expect(made.length).toBeLessThanOrEqual(2)
    expect(made.every(({ closed }) => closed)).toBe(true)
  })

  it('ends when it is shut down by a call', async () => {
    const { made, begin } = engines()
    const engine = await restarting(begin, quiet)
    made[0]!.restart()
    await eventually('the second one is there', () => engine.instance === 'i2')
    made[1]!.end()
    await engine.closed
  })

  it('tries again when the next start fails, and says so', async () => {
    const told: unknown[] = []
    const { made, begin } = engines((n) => n === 2 || n === 3)
    const engine = await restarting(begin, (error) => void told.push(error))
    made[0]!.restart()
    await eventually('it is there', () => engine.instance === 'i2')
    expect(told.map(String)).toEqual(['Error: start 2 failed', 'Error: start 3 failed'])
    expect(await isOpen(engine)).toBe(true)
    await engine.close()
  })

  it('is over when it never starts again', { timeout: 60_000 }, async () => {
    const told: unknown[] = []
    const { made, begin } = engines((n) => n > 1)
    const engine = await restarting(begin, (error) => void told.push(error))
    made[0]!.restart()
    await engine.closed
    expect(told).toHaveLength(4)
  })
})
