import { describe, expect, it } from 'vitest'
import type { PatchOp } from '../../../shared/state.ts'
import { batches, flushAfter, merged } from '../../../main/calls/live/live-state.ts'
import { cpuBetween, type Taken } from '../../../main/calls/live/measured-topics.ts'
import { sampleOf } from '../../../main/backends/docker/docker-backend.ts'
import { wallStamps } from '../../../main/core/view.ts'
import type { Clock } from '../../../main/base/clock.ts'

/** A clock moved by hand; its timers run when it passes them. */
function handClock() {
  let now = 1000
  const timers = new Map<() => void, number>()
  const clock: Clock = {
    now: () => now,
    wall: () => now,
    sleep: () => Promise.resolve(),
    timer(ms, run) {
      timers.set(run, now + ms)
      return { cancel: () => void timers.delete(run) }
    },
  }
  return {
    clock,
    pass(ms: number) {
      const end = now + ms
      for (;;) {
        const next = [...timers].filter(([, at]) => at <= end).sort((a, b) => a[1] - b[1])[0]
        if (!next) break
        now = Math.max(now, next[1])
        timers.delete(next[0])
        next[0]()
      }
      now = end
    },
  }
}

describe('a flush', () => {
  it('comes soon after a quiet time, then once in 50 ms however often it is asked for', () => {
    const { clock, pass } = handClock()
    const at: number[] = []
    const flush = flushAfter(clock, 50, () => at.push(clock.now()))
    for (let ms = 0; ms < 200; ms += 1) {
      flush.ask()
      pass(1)
    }
    expect(at).toEqual([1005, 1055, 1105, 1155])
    pass(1000)
    expect(at).toHaveLength(5)
    flush.ask()
    pass(5)
    expect(at).toHaveLength(6)
    flush.ask()
    flush.close()
    pass(1000)
    expect(at).toHaveLength(6)
  })
})

describe('batches', () => {
  it('drops the oldest that wait without room, and says how many with the next that it sends', () => {
    const { clock, pass } = handClock()
    let room = true
    const sent: [number[], number][] = []
    const out = batches<number>({ clock, ms: 50, most: 10, chunk: 5, room: () => room, send: (items, dropped) => sent.push([items, dropped]) })
    out.add(0)
    pass(50)
    expect(sent).toEqual([[[0], 0]])
    room = false
    for (let n = 1; n <= 32; n += 1) out.add(n)
    pass(50)
    expect(sent).toHaveLength(1)
    room = true
    expect(out.deliver()).toBe(true)
    const [, ...later] = sent
    expect(later.reduce((sum, [items, dropped]) => sum + items.length + dropped, 0)).toBe(32)
    expect(later[0]?.[1]).toBeGreaterThan(0)
    expect(later.flatMap(([items]) => items).at(-1)).toBe(32)
  })
})

describe('patches that wait', () => {
  const gone = (id: string): PatchOp => ({ op: 'sandbox_gone', id })
  const row = (id: string, thread: string) => ({ op: 'sandbox', value: { id, thread } }) as PatchOp
  it.each<[string, PatchOp[], PatchOp[], PatchOp[]]>([
    ['nothing waits', [], [gone('a')], [gone('a')]],
    ['the newest of each stays', [row('a', '1'), row('b', '1')], [row('a', '2')], [row('b', '1'), row('a', '2')]],
    ['what came and went is gone', [row('a', '1')], [gone('a')], [gone('a')]],
    ['what went and came again is there', [gone('a')], [row('a', '2')], [row('a', '2')]],
  ])('%s', (_, waiting, more, expected) => expect(merged(waiting, more)).toEqual(expected))
})

describe('CPU between two samples', () => {
  const taken = (at: number, cpuMs: number | null): Taken => ({
    at,
    sample: { cpuMs, memory: null, memoryLimit: null, pids: null, netIn: null, netOut: null, diskRead: null, diskWritten: null },
  })
  it.each<[string, Taken | null, Taken, number | null]>([
    ['half of one CPU', taken(0, 0), taken(1000, 500), 50],
    ['two CPUs', taken(0, 100), taken(1000, 2100), 200],
    ['no sample before', null, taken(1000, 500), null],
    ['not told', taken(0, null), taken(1000, 500), null],
    ['no time between', taken(5, 1), taken(5, 2), null],
    ['a sum that went back', taken(0, 900), taken(1000, 100), 0],
  ])('%s', (_, before, now, expected) => expect(cpuBetween(before, now)).toBe(expected))
})

describe("the container engine's numbers", () => {
  it('leaves out the page cache that it would give back, by either name', () => {
    for (const name of ['inactive_file', 'total_inactive_file']) {
      expect(sampleOf({ memory_stats: { usage: 100, limit: 1000, stats: { [name]: 30 } } }, 2000)).toMatchObject({ memory: 70, memoryLimit: 1000 })
    }
  })
  it('takes the whole machine for no limit, and what is not told for not known', () => {
    expect(sampleOf({ memory_stats: { usage: 1, limit: 2000 } }, 2000).memoryLimit).toBeNull()
    expect(sampleOf({}, 2000)).toEqual({
      cpuMs: null,
      memory: null,
      memoryLimit: null,
      pids: null,
      netIn: null,
      netOut: null,
      diskRead: null,
      diskWritten: null,
    })
  })
  it('adds up networks and disks', () => {
    const stats = {
      cpu_stats: { cpu_usage: { total_usage: 5_000_000 } },
      pids_stats: { current: 3 },
      networks: { eth0: { rx_bytes: 1, tx_bytes: 2 }, eth1: { rx_bytes: 10, tx_bytes: 20 } },
      blkio_stats: {
        io_service_bytes_recursive: [
          { op: 'read', value: 5 },
          { op: 'Write', value: 7 },
          { op: 'Read', value: 1 },
        ],
      },
    }
    expect(sampleOf(stats, 2000)).toMatchObject({ cpuMs: 5, pids: 3, netIn: 11, netOut: 22, diskRead: 6, diskWritten: 7 })
  })
})

it("stamps do not flicker by the clocks' grain, and follow a step of the wall clock", () => {
  let [mono, wall] = [1000.9, 5_000_000]
  const stampOf = wallStamps({ now: () => mono, wall: () => wall })
  const first = stampOf(500)
  const seen = new Set<number>()
  for (let turn = 0; turn < 100; turn += 1) {
    mono += 0.37
    wall = Math.floor(5_000_000 + turn * 0.37)
    seen.add(stampOf(500))
  }
  expect([...seen]).toEqual([first])
  wall += 60_000
  expect(stampOf(500)).toBeGreaterThan(first + 59_000)
})
