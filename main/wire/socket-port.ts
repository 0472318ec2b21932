import type { RawData, WebSocket } from 'ws'
import { parseJson } from '../../shared/parse-json.ts'
import type { FramePort } from '../../shared/wire/frame.ts'
import { closeCodes } from './close-codes.ts'

/** A WebSocket as a pipe of frames: each message is one frame as JSON text. What is no JSON arrives as null, which is no frame. */
export function socketPort<Out, In>(socket: WebSocket): FramePort<Out, In> {
  return {
    send(frame) {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame))
    },
    listen(listener) {
      socket.on('message', (data, binary) => listener.frame((binary ? null : parse(data)) as In))
      socket.on('close', (code, reason) => listener.closed(reason.toString('utf8') || `the connection ended (${code})`))
      // `close` follows, and tells the same.
      socket.on('error', () => undefined)
    },
    close(why) {
      // A reason may have 123 bytes (RFC 6455, 5.5).
      if (socket.readyState === socket.OPEN) socket.close(codeFor(why?.code), Buffer.from(why?.message ?? '').subarray(0, 120).toString('utf8').replace(/\ufffd$/, ''))
    },
    waiting: () => socket.bufferedAmount,
  }
}

function codeFor(code: string | undefined): number {
  if (code === 'UNAUTHORIZED') return closeCodes.unauthorized
  if (code === 'SHUTTING_DOWN') return closeCodes.going
  return code === 'BAD_INPUT' ? closeCodes.badFrame : 1000
}

export function parse(data: RawData): unknown {
  const text = Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data as Buffer).toString('utf8')
  try {
    return parseJson(text)
  } catch {
    // Not JSON, or deeper than anything that is meant, so no frame: whoever reads it says so to the sender.
    return null
  }
}
