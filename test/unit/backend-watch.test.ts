import { describe, expect, it } from 'vitest'
import { watchBackend } from '../../main/engine/backend-watch.ts'
import type { Backend } from '../../main/backends/backend.ts'
import type { EngineOutlook } from '../../main/doctor/engine-advice.ts'
import type { EventListener } from '../../main/house/events/events.ts'
import type { BerthEvent } from '../../shared/events.ts'
import { fail } from '../../shared/errors.ts'
import { simTime } from '../support/sim-clock.ts'
import { seeded } from '../support/seeded.ts'

const nothing: EngineOutlook = {
  engine: null,
  problem: 'nothing is there',
  isolation: false,
  fixes: [{ text: 'Give Berth a container engine', command: 'sudo apt-get install docker.io' }],
}
type Given = { kind: 'none' | 'docker' | 'embedded'; chosen: 'auto' | 'config' | 'remembered' }

/** A machine on which things come and go, and what follows it. */
function machine({ kind, chosen }: Given) {
  const time = simTime(seeded(7))
  const at = { outlook: nothing, reachable: kind !== 'none', asked: 0, bubblewrap: [] as boolean[], found: 0, broken: false, logged: [] as string[] }
  let tell: EventListener = () => undefined
  const backend = {
    kind,
    isolation: 'none',
    facts: async () => {
      if (!at.reachable) throw fail('ENGINE_MISSING', 'There is no container engine', { next: 'Start it.' })
      return { name: 'Docker', version: '29' }
    },
  } as unknown as Backend
  const watch = watchBackend({
    choice: { kind, chosen, reason: 'because' },
    backend,
    clock: time.process('engine').clock,
    events: {
      subscribe(listener) {
        tell = listener
        return { close: () => undefined } as never
      },
    },
    log: (_level, text) => void at.logged.push(text),
    outlook: async ({ bubblewrap }) => {
      at.asked += 1
      at.bubblewrap.push(bubblewrap)
      if (at.broken) throw new Error('the disk is gone')
      return at.outlook
    },
    onFound: () => void (at.found += 1),
  })
  const advance = async (ms: number) => {
    await time.settle()
    await time.advance(ms)
    await time.settle()
  }
  return { time: { advance }, at, watch, hear: (type: string) => void tell({ type } as BerthEvent, 0) }
}

describe('where nothing can run a sandbox', () => {
  it('the machine is looked at every three seconds, until there is something', async () => {
    const { time, at, watch } = machine({ kind: 'none', chosen: 'auto' })
    await time.advance(30_500)
    expect(at.asked).toBeGreaterThanOrEqual(10)
    expect(at.asked).toBeLessThanOrEqual(12)
    expect(at.bubblewrap.every(Boolean)).toBe(true)
    expect(at.found).toBe(0)
    expect(watch.source.state()).toMatchObject({
      kind: 'none',
      reachable: false,
      isolation: null,
      problem: 'There is no container engine',
      fixes: nothing.fixes,
      better: null,
    })
    at.outlook = { ...nothing, engine: 'Docker 29' }
    await time.advance(3500)
    expect(at.found).toBe(1)
  })

  it('bubblewrap will do', async () => {
    const { time, at } = machine({ kind: 'none', chosen: 'auto' })
    await time.advance(100)
    at.outlook = { ...nothing, isolation: true }
    await time.advance(3500)
    expect(at.found).toBe(1)
  })

  it('`retry` looks at once', async () => {
    const { time, at, watch } = machine({ kind: 'none', chosen: 'auto' })
    await time.advance(100)
    at.outlook = { ...nothing, engine: 'Docker 29' }
    expect(await watch.retry()).toEqual({ reachable: false, problem: 'There is no container engine' })
    expect(at.found).toBe(1)
  })

  it('a look that fails is told once and is no end', async () => {
    const { time, at } = machine({ kind: 'none', chosen: 'auto' })
    at.broken = true
    await time.advance(20_000)
    expect(at.logged).toHaveLength(1)
    Object.assign(at, { broken: false, outlook: { ...nothing, engine: 'Docker 29' } })
    await time.advance(3500)
    expect(at.found).toBe(1)
  })

  it('nothing more is looked at once it is closed', async () => {
    const { time, at, watch } = machine({ kind: 'none', chosen: 'auto' })
    await time.advance(100)
    watch.close()
    const { asked } = at
    await time.advance(60_000)
    expect(at.asked).toBe(asked)
  })
})

describe('with a container engine', () => {
  it.each(['auto', 'config', 'remembered'] as const)('that answers, nothing is asked again (%s); lost, it is followed until it is back', async (chosen) => {
    const { time, at, watch, hear } = machine({ kind: 'docker', chosen })
    await time.advance(600_000)
    expect(at.asked).toBe(0)
    expect(watch.source.state()).toMatchObject({ reachable: true, engine: 'Docker 29', fixes: [] })
    let changes = 0
    watch.source.onChange(() => (changes += 1))
    at.reachable = false
    hear('engine.lost')
    await time.advance(100)
    // Never another backend, whatever else this machine has.
    at.outlook = { ...nothing, isolation: true }
    await time.advance(9000)
    expect(watch.source.state()).toMatchObject({ kind: 'docker', reachable: false, engine: 'Docker 29', better: null, fixes: nothing.fixes })
    expect(at.bubblewrap.some(Boolean)).toBe(false)
    expect(at.found).toBe(0)
    at.reachable = true
    hear('engine.back')
    await time.advance(100)
    expect(watch.source.state()).toMatchObject({ reachable: true, problem: null, fixes: [] })
    expect(changes).toBeGreaterThan(1)
    const { asked } = at
    await time.advance(600_000)
    expect(at.asked).toBe(asked)
  })
})

describe('with embedded sandboxes', () => {
  it('by auto, a container engine that appears is offered within ten seconds, not taken', async () => {
    const { time, at, watch } = machine({ kind: 'embedded', chosen: 'auto' })
    await time.advance(100)
    expect(watch.source.state()).toMatchObject({ better: null, fixes: nothing.fixes })
    at.outlook = { ...nothing, engine: 'Docker 29' }
    await time.advance(10_500)
    expect(watch.better()).toBe('Docker 29')
    expect(watch.source.state().better).toBe('Docker 29')
    expect(at.found).toBe(0)
    expect(at.bubblewrap.some(Boolean)).toBe(false)
  })

  it('by choice, nothing else is looked for', async () => {
    const { time, at, watch } = machine({ kind: 'embedded', chosen: 'config' })
    at.outlook = { ...nothing, engine: 'Docker 29' }
    await time.advance(600_000)
    expect(at.asked).toBe(0)
    expect(watch.better()).toBeNull()
  })
})
