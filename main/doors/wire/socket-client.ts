import { WebSocket } from 'ws'
import { fail } from '../../../shared/errors.ts'
import type { Endpoint } from '../../../shared/wire/endpoint.ts'
import { type ClientFrame, type FramePort, hello, type Hello, type ServerFrame } from '../../../shared/wire/frame.ts'
import { frameClient } from '../../../shared/wire/frame-client.ts'
import { contractId } from '../../calls/rpc/contract-hash.ts'
import { version } from '../../base/version.ts'
import { closeCodes } from './frame-server.ts'
import { parseMessage } from '../../base/socket-message.ts'

export interface SocketEndpoint {
  readonly endpoint: Endpoint
  readonly hello: Hello
}

const patienceMs = 10_000

/**
 * The engine at an address that has proven itself, over one WebSocket. NOT_RUNNING, UNAUTHORIZED or CONTRACT_MISMATCH where
 * there is none to be had; `onClosed` hears once that it broke later. Connecting again is its caller's.
 */
export function openSocketEndpoint(to: { url: string; token: string }, onClosed: (reason: string) => void): Promise<SocketEndpoint> {
  const socket = new WebSocket(`${to.url.replace(/^http/, 'ws')}/berth/v1/socket`, {
    headers: { authorization: `Bearer ${to.token}` },
    handshakeTimeout: patienceMs,
    perMessageDeflate: false,
    maxPayload: 64 * 1_048_576,
  })
  const port = socketPort<ClientFrame, ServerFrame>(socket)
  return new Promise((resolve, reject) => {
    let problem: unknown
    const late = setTimeout(() => socket.terminate(), patienceMs)
    socket.once('error', (error) => {
      problem = error
    })
    socket.once('open', () => port.send({ k: 'hello', key: '', contract: contractId(), app: version }))
    const closed = (code: number, reason: Buffer) => {
      clearTimeout(late)
      reject(refusal(code, reason.toString('utf8'), problem))
    }
    socket.once('close', closed)
    socket.once('message', (data, binary) => {
      clearTimeout(late)
      socket.off('close', closed)
      const first = hello.safeParse(binary ? null : parseMessage(data))
      if (!first.success) {
        socket.terminate()
        return reject(fail('CONTRACT_MISMATCH', 'What answers is no engine of this version', { next: 'Restart Berth with one version.' }))
      }
      resolve({ hello: first.data, endpoint: frameClient(port, onClosed) })
    })
  })
}

function refusal(code: number, reason: string, cause: unknown): Error {
  if (code === closeCodes.mismatch) {
    return fail('CONTRACT_MISMATCH', `The running engine is Berth ${reason}, this is ${version}: they do not speak the same calls`, {
      next: 'Restart the engine with this version, or use the one that belongs to it.',
      details: { theirs: { version: reason }, ours: { version } },
    })
  }
  if (code === closeCodes.unauthorized) return fail('UNAUTHORIZED', 'The engine does not take our token', { next: 'Run this as the user who runs Berth.' })
  return fail('NOT_RUNNING', `The engine does not answer: ${reason || `the connection ended (${code})`}`, { next: 'Start it: berth serve', cause })
}

/** A WebSocket as a pipe of frames: each message is one frame as JSON text. What is no JSON arrives as null, which is no frame. */
export function socketPort<Out, In>(socket: WebSocket): FramePort<Out, In> {
  return {
    send(frame) {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame))
    },
    listen(listener) {
      socket.on('message', (data, binary) => listener.frame((binary ? null : parseMessage(data)) as In))
      socket.on('close', (code, reason) => listener.closed(reason.toString('utf8') || `the connection ended (${code})`))
      // `close` follows, and tells the same.
      socket.on('error', () => undefined)
    },
    close(why) {
      // A reason may have 123 bytes (RFC 6455, 5.5).
      if (socket.readyState === socket.OPEN)
        socket.close(
          codeFor(why?.code),
          Buffer.from(why?.message ?? '')
            .subarray(0, 120)
            .toString('utf8')
            .replace(/\ufffd$/, ''),
        )
    },
    waiting: () => socket.bufferedAmount,
  }
}

function codeFor(code: string | undefined): number {
  if (code === 'UNAUTHORIZED') return closeCodes.unauthorized
  if (code === 'SHUTTING_DOWN') return closeCodes.going
  return code === 'BAD_INPUT' ? closeCodes.badFrame : 1000
}
