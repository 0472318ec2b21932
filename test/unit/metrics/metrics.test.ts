import { afterEach, describe, expect, it } from 'vitest'
import { openMetrics } from '../../../main/house/metrics/metrics.ts'
import type { Provider } from '../../../main/core/provider-api.ts'
import { fail } from '../../../shared/errors.ts'

describe('what is counted', () => {
  let now = 0
  const clock = { now: () => now, wall: () => now, timer: () => ({ cancel: () => undefined }), sleep: () => Promise.resolve() }
  const open = (backend = 'docker') =>
    openMetrics({
      clock,
      version: '1',
      backend,
      sandboxes: () => ({ sandboxes: [], replicas: 3, counted: 0 }),
      waiting: () => 0,
      events: { dropped: () => 2, unwritten: () => 0 },
    })
  let metrics = open()
  afterEach(() => metrics.close())
  const lines = async (of: string) => (await metrics.text()).split('\n').filter((line) => line.includes(of))

  it('has HELP and TYPE first, a sample a line, no empty ones, and values escaped', async () => {
    metrics = open('"quoted"\\\n\n')
    expect(await lines('berth_info')).toEqual([
      '# HELP berth_info Which Berth this is.',
      '# TYPE berth_info gauge',
      'berth_info{version="1",backend="\\"quoted\\"\\\\\\n\\n"} 1',
    ])
    expect(await metrics.text()).toMatch(/[^\n]\n$/)
    expect(await metrics.text()).not.toContain('\n\n')
  })

  it('counts what others count as they have it, however often it is asked', async () => {
    metrics = open()
    await metrics.text()
    expect(await lines('berth_events_dropped_total{')).toEqual(['berth_events_dropped_total{to="subscriber"} 2', 'berth_events_dropped_total{to="disk"} 0'])
  })

  it('times an acquire, its bounds included, up to all of them; one that failed counts as its error', async () => {
    metrics = open()
    let takes = 0
    const acquire = metrics.timed((async () => {
      now += takes
      if (takes === 0) throw fail('CAPACITY_REJECTED', 'full', { next: '' })
      return { path: 'cold', was_replaced: false }
    }) as unknown as Provider['acquire'])
    const request = {} as Parameters<Provider['acquire']>[0]
    for (takes of [2, 2.5, 4000, 1_000_000]) await acquire(request)
    takes = 0
    await expect(acquire(request)).rejects.toMatchObject({ code: 'CAPACITY_REJECTED' })
    const took = async (le: string) => (await lines(`le="${le}"`)).map((line) => line.split(' ').at(-1))
    expect([await took('0.001'), await took('0.0025'), await took('5'), await took('300'), await took('+Inf')]).toEqual([['0'], ['2'], ['3'], ['3'], ['4']])
    expect(await lines('berth_acquire_failures_total{')).toEqual(['berth_acquire_failures_total{code="CAPACITY_REJECTED"} 1'])
  })

  it('an event loop that was held up shows it at the next scrape, and not at the one after it', async () => {
    metrics = open()
    const longest = async () => Number((await lines('nodejs_eventloop_lag_max_seconds ')).at(-1)?.split(' ').at(-1))
    const rest = () => new Promise((resolve) => setTimeout(resolve, 200))
    expect(await longest()).toBe(0)
    await rest()
    const until = performance.now() + 700
    while (performance.now() < until);
    await rest()
    const held = await longest()
    expect(held).toBeGreaterThan(0.5)
    await rest()
    expect(await longest()).toBeLessThan(held)
  })
})
