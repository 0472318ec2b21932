import { TextDecoder } from 'node:util'
import type { Engine } from './engine.ts'
import { fail } from '../../../shared/errors.ts'
import { cancelled } from './errors.ts'

/** A line that never ends is handed on in pieces of this many characters. */
const longest = 262_144

/** The container's own log, both streams, line by line in the order of the engine. */
export async function* readLogs(
  engine: Engine,
  ref: string,
  options: { tail: number; follow: boolean; signal: AbortSignal },
): AsyncIterable<string> {
  if (options.signal.aborted) return
  const ended = new AbortController()
  const stop = AbortSignal.any([options.signal, ended.signal])
  const gone = () => {
    throw fail('SANDBOX_NOT_FOUND', 'The sandbox whose log was asked for is gone', { next: 'List what there is: `berth ls`.' })
  }
  try {
    const shown = { stdout: true, stderr: true, tail: options.tail }
    // dockerode deletes the signal from the options it is given, so that each call gets its own.
    const stream = options.follow
      ? await engine.call<NodeJS.ReadableStream>(
          'show a log',
          10_000,
          () => engine.docker.getContainer(ref).logs({ ...shown, follow: true, abortSignal: stop }),
          { answers: { 404: gone }, signal: options.signal },
        )
      : [
          await engine.call<Buffer>(
            'show a log',
            30_000,
            (abortSignal) => engine.docker.getContainer(ref).logs({ ...shown, follow: false, abortSignal }),
            { answers: { 404: gone }, signal: options.signal },
          ),
        ]
    yield* linesOf(stream as AsyncIterable<Buffer>)
  } catch (error) {
    // Ended by whoever reads: that is no failure.
    if (options.signal.aborted) return
    throw error
  } finally {
    ended.abort(cancelled('show a log'))
  }
}

/** Lines of the engine's multiplexed form: 8 bytes of header (stream, 0 0 0, length big-endian), then that many bytes. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncIterable<string> {
  const partial = new Map<number, { decoder: TextDecoder; text: string }>()
  let pending: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, chunk])
    while (pending.length >= 8) {
      const length = pending.readUInt32BE(4)
      if (pending.length < 8 + length) break
      const kind = pending[0] ?? 1
      const part = partial.get(kind) ?? { decoder: new TextDecoder(), text: '' }
      partial.set(kind, part)
      const lines = (part.text + part.decoder.decode(pending.subarray(8, 8 + length), { stream: true })).split(/\r\n|\n|\r/)
      part.text = lines.pop() ?? ''
      pending = pending.subarray(8 + length)
      yield* lines
      if (part.text.length > longest) {
        yield part.text
        part.text = ''
      }
    }
  }
  for (const part of partial.values()) if (part.text !== '') yield part.text
}
