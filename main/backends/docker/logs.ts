import { TextDecoder } from 'node:util'
import type { LoggedLine } from '../backend.ts'
import type { Engine } from './docker-engine.ts'
import { fail } from '../../../shared/errors.ts'
import { cancelled } from './errors.ts'

/** A line that never ends is handed on in pieces of this many characters. */
const longest = 65_536

/** The container's own log, both streams, line by line in the order of the engine. */
export async function* readLogs(engine: Engine, ref: string, options: { tail: number; follow: boolean; signal: AbortSignal }): AsyncIterable<LoggedLine> {
  if (options.signal.aborted) return
  const ended = new AbortController()
  const stop = AbortSignal.any([options.signal, ended.signal])
  const gone = () => {
    throw fail('SANDBOX_NOT_FOUND', 'The sandbox whose log was asked for is gone', { next: 'List what there is: `berth ls`.' })
  }
  try {
    const shown = { stdout: true, stderr: true, timestamps: true, tail: options.tail }
    // dockerode deletes the signal from the options it is given, so that each call gets its own.
    const stream = options.follow
      ? await engine.call<NodeJS.ReadableStream>(
          'show a log',
          10_000,
          () => engine.docker.getContainer(ref).logs({ ...shown, follow: true, abortSignal: stop }),
          { answers: { 404: gone }, signal: options.signal },
        )
      : [
          await engine.call<Buffer>('show a log', 30_000, (abortSignal) => engine.docker.getContainer(ref).logs({ ...shown, follow: false, abortSignal }), {
            answers: { 404: gone },
            signal: options.signal,
          }),
        ]
    yield* loggedLinesOf(stream as AsyncIterable<Buffer>, { stamped: true })
  } catch (error) {
    // Ended by whoever reads: that is no failure.
    if (options.signal.aborted) return
    throw error
  } finally {
    ended.abort(cancelled('show a log'))
  }
}

/** Lines of the engine's multiplexed form, as it was asked for without times. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncIterable<string> {
  for await (const { text } of loggedLinesOf(chunks, { stamped: false })) yield text
}

/**
 * 8 bytes of header (stream, 0 0 0, length big-endian), then that many bytes. `stamped`: each of these frames begins with its
 * time and a space, as `timestamps=true` asks for; a long line comes in several frames, each with one. A line has the time at
 * which it began.
 */
export async function* loggedLinesOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, { stamped }: { stamped: boolean }): AsyncIterable<LoggedLine> {
  const partial = new Map<number, { decoder: TextDecoder; text: string; at: string | null }>()
  let pending: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, chunk])
    while (pending.length >= 8) {
      const length = pending.readUInt32BE(4)
      if (pending.length < 8 + length) break
      const kind = pending[0] ?? 1
      const part = partial.get(kind) ?? { decoder: new TextDecoder(), text: '', at: null }
      partial.set(kind, part)
      const { at, bytes } = stamped ? unstamped(pending.subarray(8, 8 + length)) : { at: null, bytes: pending.subarray(8, 8 + length) }
      if (part.text === '') part.at = at
      const lines = (part.text + part.decoder.decode(bytes, { stream: true })).split(/\r\n|\n|\r/)
      part.text = lines.pop() ?? ''
      pending = pending.subarray(8 + length)
      for (const text of lines) {
        yield { at: part.at, text }
        part.at = at
      }
      if (part.text.length > longest) {
        yield { at: part.at, text: part.text }
        part.text = ''
      }
    }
  }
  for (const part of partial.values()) if (part.text !== '') yield { at: part.at, text: part.text }
}

/** Nanoseconds and, from some engines, another zone than UTC. What has no time before it is left as it is. */
function unstamped(bytes: Buffer): { at: string | null; bytes: Buffer } {
  const space = bytes.subarray(0, 40).indexOf(0x20)
  const stamp = space < 20 ? '' : bytes.toString('latin1', 0, space)
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(stamp)) return { at: null, bytes }
  const time = new Date(stamp)
  return Number.isNaN(time.getTime()) ? { at: null, bytes } : { at: time.toISOString(), bytes: bytes.subarray(space + 1) }
}
