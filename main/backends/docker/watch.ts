import type { Clock } from '../../base/clock.ts'
import type { EngineEvent, EngineWatch, Owner } from '../backend.ts'
import { asBerthError } from '../../../shared/errors.ts'
import type { Answering, Engine } from './docker-engine.ts'
import { sandboxFilter } from './labels.ts'

const pingEveryMs = 2_000
const pingValidMs = 5_000
/** More than this between wall and monotonic clock since the last look: the machine slept, or somebody set the clock. */
const gapMs = 5_000
const retryFirstMs = 200
const retryLastMs = 5_000
const types = ['start', 'die', 'destroy', 'pause', 'unpause', 'oom'] as const

type Row = { Action?: string; Actor?: { ID?: string; Attributes?: Record<string, string> } }

/** Everything that happens to our sandboxes, for as long as nobody closes it. Connects again by itself. */
export function watchEngine(engine: Engine, owner: Owner, clock: Clock, listener: (event: EngineEvent) => void): EngineWatch {
  const offset = () => clock.wall() - clock.now()
  let closed = false
  let connected = false
  /** Told `lost` since the last `back`: an outage is told once. */
  let told = false
  let answeredAt = Number.NEGATIVE_INFINITY
  let lastOffset = offset()
  let retryMs = retryFirstMs
  let checking = false
  let timer: { cancel(): void } | null = null
  let current: { abort: AbortController } | null = null

  const jumped = () => Math.abs(offset() - lastOffset) > gapMs
  const later = (ms: number, run: () => Promise<void>) => {
    timer?.cancel()
    timer = clock.timer(ms, () => void run())
  }

  function drop(reason: string): void {
    if (closed) return
    current?.abort.abort()
    current = null
    connected = false
    if (!told) {
      told = true
      listener({ type: 'lost', reason })
    }
    later(retryMs, connect)
    retryMs = Math.min(retryMs * 2, retryLastMs)
  }

  async function ping(): Promise<void> {
    await engine.call('answer a ping', pingValidMs, (abortSignal) => (engine.docker as unknown as Answering).ping({ abortSignal }), { idempotent: true })
    answeredAt = clock.now()
  }

  async function connect(): Promise<void> {
    if (closed) return
    const mine = { abort: new AbortController() }
    current = mine
    lastOffset = offset()
    try {
      const filters = { type: ['container' as const], label: sandboxFilter(owner), event: [...types] }
      const stream = await engine.call('stream its events', pingValidMs, () => engine.docker.getEvents({ filters, abortSignal: mine.abort.signal }))
      const over = (why: string) => current === mine && drop(why)
      stream.on('error', (error: Error) => over(error.message))
      stream.on('close', () => over('the engine ended its event stream'))
      stream.on('end', () => over('the engine ended its event stream'))
      readRows(stream, (row) => {
        if (current !== mine || closed) return
        if (row === null) drop('the engine sent an event that cannot be read')
        else pass(row)
      })
      // The engine sends its headers just before it subscribes us; by the answer of a ping it has.
      await ping()
      if (current !== mine || closed) return
      connected = true
      told = false
      retryMs = retryFirstMs
      listener({ type: 'back' })
      later(pingEveryMs, check)
    } catch (error) {
      if (current === mine) drop(asBerthError(error).message)
    }
  }

  async function check(): Promise<void> {
    if (closed || !connected || checking) return
    checking = true
    try {
      await look()
    } finally {
      checking = false
    }
  }

  async function look(): Promise<void> {
    if (jumped()) {
      retryMs = 0
      drop('the clock jumped: the machine slept, or its time was set')
      retryMs = retryFirstMs
      return
    }
    lastOffset = offset()
    const mine = current
    try {
      await ping()
      if (current === mine) later(pingEveryMs, check)
    } catch (error) {
      if (current === mine) drop(asBerthError(error).message)
    }
  }

  function pass(row: Row): void {
    const type = types.find((it) => it === row.Action)
    const ref = row.Actor?.ID
    if (!type || !ref) return
    const { name = '', exitCode } = row.Actor?.Attributes ?? {}
    listener(type === 'die' && exitCode !== undefined ? { type, ref, name, exitCode: Number(exitCode) } : { type, ref, name })
  }

  void connect()
  return {
    healthy: () => {
      if (closed || !connected) return false
      if (jumped()) {
        later(0, check)
        return false
      }
      return clock.now() - answeredAt <= pingValidMs
    },
    close() {
      closed = true
      connected = false
      timer?.cancel()
      current?.abort.abort()
      current = null
    },
  }
}

/** One JSON object a line; null for a line that is none. */
function readRows(stream: NodeJS.ReadableStream, each: (row: Row | null) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.trim() === '') continue
      each(parseRow(line))
    }
  })
}

function parseRow(line: string): Row | null {
  try {
    return JSON.parse(line) as Row
  } catch {
    // The caller starts the stream anew, after which everything is listed again.
    return null
  }
}
