import type { ServerResponse } from 'node:http'
import { onAbort } from '../../../shared/abort.ts'
import { gone } from './body.ts'

/** The two forms of a stream: server-sent events, and one JSON object a line. */
export type StreamForm = 'sse' | 'ndjson'

/** Which form a caller asks for by its Accept header; null: none, one plain answer. */
export function streamForm(accept: string | undefined): StreamForm | null {
  for (const part of (accept ?? '').toLowerCase().split(',')) {
    const type = part.split(';', 1)[0]?.trim()
    if (type === 'text/event-stream') return 'sse'
    if (type === 'application/x-ndjson') return 'ndjson'
  }
  return null
}

/** Frames on their way to one caller. */
export interface StreamWriter {
  /** Whether the head is out: from then on an error is a frame. */
  started(): boolean
  /** Sends the head, if that has not happened yet. */
  start(): void
  /** Resolves when the caller took it; rejects with CANCELLED when it is gone. */
  send(kind: string, data: unknown, id?: string): Promise<void>
  /** Ends it, with a last frame. */
  end(kind: string, data: unknown): void
  /** Stops the signs of life; the answer itself belongs to whoever made it. */
  close(): void
}

export function createStream(response: ServerResponse, form: StreamForm, signal: AbortSignal, heartbeat: number): StreamWriter {
  let beat: NodeJS.Timeout | null = null

  function start(): void {
    if (response.headersSent) return
    response.writeHead(200, {
      'content-type': form === 'sse' ? 'text/event-stream; charset=utf-8' : 'application/x-ndjson; charset=utf-8',
      'x-accel-buffering': 'no',
    })
    response.flushHeaders()
    // To a HEAD this was all: its end tells whoever makes the stream.
    if (response.req.method === 'HEAD') {
      response.end()
      return
    }
    // A comment line is no event. Lines of JSON have nothing like it, so that form stays silent.
    if (form === 'sse') beat = setInterval(() => response.writableNeedDrain || response.write(': still here\n\n'), heartbeat)
  }

  return {
    started: () => response.headersSent,
    start,
    async send(kind, data, id) {
      if (signal.aborted || response.destroyed) throw signal.reason ?? gone()
      start()
      if (response.writableEnded) throw gone()
      if (!response.write(frame(form, kind, data, id))) await drained(response, signal)
    },
    end(kind, data) {
      if (beat) clearInterval(beat)
      start()
      if (!response.writableEnded) response.end(frame(form, kind, data))
    },
    close() {
      if (beat) clearInterval(beat)
    },
  }
}

/** JSON has no raw line ends, so one `data:` line always holds it all. An empty `kind` is a plain message. */
function frame(form: StreamForm, kind: string, data: unknown, id?: string): string {
  if (form === 'ndjson') return `${JSON.stringify({ [kind]: data })}\n`
  return `${id === undefined ? '' : `id: ${id}\n`}${kind === '' ? '' : `event: ${kind}\n`}data: ${JSON.stringify(data)}\n\n`
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const unlisten = onAbort(signal, () => resolve())
  response.on('drain', resolve).on('close', resolve)
  await promise
  unlisten()
  response.off('drain', resolve).off('close', resolve)
  if (signal.aborted || response.destroyed) throw signal.reason ?? gone()
}
