import { describe, expect, it } from 'vitest'
import { type EngineLink, engineLink, type LinkState, type Reached } from '../../../app/engine/link.ts'
import { fail } from '../../../shared/errors.ts'
import type { Endpoint } from '../../../shared/wire/endpoint.ts'

/** A link over an engine that a test makes come and go, with a clock of its own. */
function stage(begin: { there?: boolean } = {}) {
  let time = 0
  let timers: { at: number; run: () => void }[] = []
  let there: Reached | null = null
  let refuse: Error | null = null
  let made = 0
  const closed: string[] = []
  function engine(here: boolean): Reached & { dies(reason: string): void } {
    const instance = `${here ? 'here' : 'there'}-${(made += 1)}`
    const { promise: gone, resolve } = Promise.withResolvers<string>()
    return { here, instance, endpoint: {} as Endpoint, gone, dies: resolve, close: async () => void closed.push(instance) }
  }
  if (begin.there) there = engine(false)
  const link = engineLink({
    attach: async () => {
      if (refuse) throw refuse
      return there
    },
    startHere: async () => {
      if (refuse) throw refuse
      return (there = engine(true))
    },
    now: () => time,
    later: (ms, run) => {
      const timer = { at: time + ms, run }
      timers.push(timer)
      return () => void (timers = timers.filter((one) => one !== timer))
    },
    version: '2.0.0',
  })
  const seen: LinkState[] = []
  link.onChange((state) => void seen.push(state))
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return {
    link,
    seen,
    closed,
    settle,
    appears: () => (there = engine(false)),
    dies(reason: string) {
      const dying = there as ReturnType<typeof engine>
      there = null
      dying.dies(reason)
    },
    refuses: (error: Error | null) => void (refuse = error),
    /** Lets time pass, timer by timer. */
    async pass(ms: number) {
      const until = time + ms
      for (;;) {
        await settle()
        const next = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        timers = timers.filter((one) => one !== next)
        time = next.at
        next.run()
      }
      time = until
      await settle()
    },
  }
}

const stateOf = (link: EngineLink) => {
  const now = link.current()
  return now.state === 'open' ? `open ${now.engine.instance}` : now.state === 'lost' ? `lost${now.offer ? ', offer' : ''}` : now.state
}

describe('the link to the engine', () => {
  it('attaches to the one that is there, and never starts one then', async () => {
    const { link } = stage({ there: true })
    await link.open()
    expect(stateOf(link)).toBe('open there-1')
  })
  it('starts one here where there is none', async () => {
    const { link } = stage()
    await link.open()
    expect(stateOf(link)).toBe('open here-1')
  })
  it('loses it, and has the next one as soon as it is there', async () => {
    const it = stage({ there: true })
    await it.link.open()
    it.dies('killed')
    await it.settle()
    expect(stateOf(it.link)).toBe('lost')
    await it.pass(1000)
    it.appears()
    await it.pass(2000)
    expect(stateOf(it.link)).toBe('open there-2')
  })
  it('offers to start one here after 5 s, not before, and does', async () => {
    const it = stage({ there: true })
    await it.link.open()
    it.dies('killed')
    await it.pass(4900)
    expect(stateOf(it.link)).toBe('lost')
    await it.pass(2200)
    expect(stateOf(it.link)).toBe('lost, offer')
    await it.link.startHere()
    expect(stateOf(it.link)).toBe('open here-2')
    await it.pass(60_000)
    expect(stateOf(it.link)).toBe('open here-2')
  })
  it('says at once why one cannot be started, goes on looking, and takes one that appears', async () => {
    const it = stage()
    it.refuses(fail('BAD_CONFIG', 'config.yaml has an error', { next: 'Correct it.' }))
    await it.link.open()
    expect(it.link.current()).toMatchObject({ state: 'lost', reason: 'config.yaml has an error', offer: true })
    await expect(it.link.startHere()).rejects.toMatchObject({ code: 'BAD_CONFIG' })
    it.refuses(null)
    it.appears()
    await it.pass(3000)
    expect(stateOf(it.link)).toBe('open there-1')
  })
  it('names both versions of a mismatch, once, and recovers from it', async () => {
    const it = stage()
    it.refuses(fail('CONTRACT_MISMATCH', 'two versions', { next: 'Restart.', details: { theirs: { version: '1.0.0' } } }))
    await it.link.open()
    await it.pass(10_000)
    expect(it.seen).toEqual([{ state: 'mismatch', page: '2.0.0', engine: '1.0.0' }])
    it.refuses(null)
    it.appears()
    await it.pass(3000)
    expect(stateOf(it.link)).toBe('open there-1')
  })
  it('gives up one that does not answer, but never the one it runs itself', async () => {
    const it = stage({ there: true })
    await it.link.open()
    await it.link.drop('silent')
    expect([stateOf(it.link), it.closed]).toEqual(['lost', ['there-1']])
    const own = stage()
    await own.link.open()
    await own.link.drop('silent')
    expect([stateOf(own.link), own.closed]).toEqual(['open here-1', []])
  })
  it('closes what it has, and whatever is still on its way', async () => {
    const it = stage({ there: true })
    await it.link.open()
    await it.link.close()
    expect(it.closed).toEqual(['there-1'])
    it.dies('closed')
    await it.pass(10_000)
    expect(stateOf(it.link)).toBe('open there-1')
    const early = stage()
    const opening = early.link.open()
    await early.link.close()
    await opening
    await early.settle()
    expect(early.closed).toEqual(['here-1'])
  })
})
