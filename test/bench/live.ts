// The engine while everything changes: 200 sandboxes, each 20 times a second, and a log of 10,000 lines a second, seen
// by one client in a process of its own. Prints one object, and fails where a number is out of order or a line unaccounted for.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { connect } from '../../main/doors/client/client.ts'
import { openMemoryHouse } from '../support/memory-house.ts'
import { mirrored } from '../support/transport-subject.ts'
import type { TopicEvent } from '../../shared/topics.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '30' }, sandboxes: { type: 'string', default: '200' }, watch: { type: 'string' } },
})
const seconds = Number(values.seconds)
const changesPerSecond = 20
const linesPerSecond = 10_000
/** As often both are stopped for a moment, and what the client has is compared with what the engine says. */
const sampleMs = 3000

const seen = z.object({
  flushes: z.number(),
  ops: z.number(),
  rows: z.number(),
  disorder: z.array(z.string()),
  lines: z.number(),
  dropped: z.number(),
  batches: z.number(),
  state: z.string(),
})

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const plain = (state: ReturnType<typeof mirrored>) => JSON.stringify({ ...state, house: { ...state.house, now: '' } })

if (values.watch !== undefined) await watch(values.watch)
else await measure()

/** The other process: follows state and log as a screen does, and tells at the end what it saw. */
async function watch(home: string): Promise<void> {
  const client = await connect(home)
  const endpoint = await client.socket(() => undefined)
  const id = (await client.call('get', { thread: 't0' })).id
  const disorder: string[] = []
  const changed = new Set<string>()
  let last: TopicEvent<'state'>[] = []
  let [seq, flushes, ops, lines, dropped, batches, line] = [0, 0, 0, 0, 0, 0, 0]
  endpoint.subscribe(
    'state',
    {},
    {
      event(event) {
        if (event.type === 'patch') {
          if (event.seq !== seq + 1) disorder.push(`patch ${event.seq} after ${seq}`)
          flushes += 1
          ops += event.ops.length
          for (const op of event.ops) if (op.op === 'sandbox') changed.add(op.value.id)
        }
        seq = event.seq
        last = [{ type: 'snapshot', seq, state: mirrored([...last, event]) }]
      },
      end: (error) => disorder.push(`the state ended: ${error?.message}`),
    },
  )
  endpoint.subscribe(
    'logs',
    { id, tail: 100_000 },
    {
      event(event) {
        if (event.type === 'end') return void disorder.push(`the log ended: ${event.reason}`)
        batches += 1
        lines += event.lines.length
        dropped += event.dropped
        for (const { n } of event.lines) {
          if (n <= line) disorder.push(`line ${n} after ${line}`)
          line = n
        }
      },
      end: (error) => disorder.push(`the log ended: ${error?.message}`),
    },
  )
  process.on('message', (message) => {
    if (message === 'tell') process.send?.({ flushes, ops, rows: changed.size, disorder, lines, dropped, batches, state: plain(mirrored(last)) })
    if (message === 'end') {
      endpoint.close()
      client.close()
      process.disconnect()
    }
  })
  process.send?.('ready')
}

async function measure(): Promise<void> {
  const count = Number(values.sandboxes)
  const memory = await openMemoryHouse({ sandbox: { replicas: count } })
  const { engine } = memory.house
  const threads = Array.from({ length: count }, (_, at) => `t${at}`)
  for (const thread of threads) await engine.call('acquire', { thread })
  // Warm ones are frozen and thawed: of all changes of a sandbox the one that costs the driver least.
  for (const thread of threads) await engine.call('release', { thread })
  const quiet = await lagOf(async () => await wait(2000))
  const child = fork(fileURLToPath(import.meta.url), ['--watch', memory.house.home])
  await once(child, 'message')
  let changes = 0
  let sent = 0
  const samples: boolean[] = []
  let active = 0
  const busy = await lagOf(async () => {
    while (active < seconds * 1000) {
      await change(Math.min(sampleMs, seconds * 1000 - active))
      await wait(300)
      samples.push((await ask(child)).state === (await snapshot(memory.house.home)))
    }
  })

  /** In small pieces: the driver shares the engine's event loop, and is not to be what is measured. */
  async function change(ms: number): Promise<void> {
    const began = performance.now()
    const before = active
    for (; active < before + ms; active = before + performance.now() - began) {
      const due = Math.floor((active / 1000) * changesPerSecond * count)
      const now = Math.min(due, changes + 100)
      for (; changes < now; changes += 1) memory.backend.toggle(threads[changes % count] ?? 't0')
      const lines = Math.min(200, Math.floor((active / 1000) * linesPerSecond) - sent)
      if (lines > 0)
        memory.backend.say(
          't0',
          Array.from({ length: lines }, (_, at) => `${sent + at} ${'log '.repeat(20)}`),
        )
      sent += Math.max(0, lines)
      await wait(1)
    }
  }

  const took = active / 1000
  const told = await ask(child)
  const result = {
    sandboxes: count,
    seconds: took,
    changes_per_second: changes / took,
    flushes: told.flushes,
    flushes_per_second: told.flushes / took,
    ops: told.ops,
    lines_sent: sent,
    lines_shown: told.lines,
    lines_dropped: told.dropped,
    log_batches: told.batches,
    lag_ms: { idle: quiet, busy },
    disorder: told.disorder.length,
    samples: samples.length,
    samples_true: samples.filter((it) => it).length,
  }
  console.log(JSON.stringify(result, null, 2))
  child.send('end')
  await memory.close()
  const wrong = [
    told.disorder.length > 0 && `out of order: ${told.disorder.slice(0, 3).join('; ')}`,
    told.rows < count && `only ${told.rows} sandboxes were seen to change`,
    told.lines + told.dropped !== sent && `${sent - told.lines - told.dropped} lines are unaccounted for`,
    samples.includes(false) && 'the mirror was not what the engine says',
  ].filter((it) => it !== false)
  for (const text of wrong) console.error(text)
  if (wrong.length > 0) process.exitCode = 1
}

async function ask(child: ChildProcess): Promise<z.infer<typeof seen>> {
  const answer = once(child, 'message')
  child.send('tell')
  return seen.parse((await answer)[0])
}

async function snapshot(home: string): Promise<string> {
  const client = await connect(home)
  const endpoint = await client.socket(() => undefined)
  const first = await new Promise<TopicEvent<'state'>>((resolve) => {
    endpoint.subscribe('state', {}, { event: resolve, end: () => undefined })
  })
  endpoint.close()
  client.close()
  return plain(mirrored([first]))
}

/** How late the event loop came to its timers meanwhile, in milliseconds; the sampling itself is 1 ms. */
async function lagOf(work: () => Promise<unknown>): Promise<{ p50: number; p99: number; max: number }> {
  const lag = monitorEventLoopDelay({ resolution: 1 })
  lag.enable()
  await work()
  lag.disable()
  const ms = (nanoseconds: number) => Math.round(nanoseconds / 1e4) / 100
  return { p50: ms(lag.percentile(50)), p99: ms(lag.percentile(99)), max: ms(lag.max) }
}
