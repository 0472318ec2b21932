import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { failure } from './reply.ts'

/** Bytes of one message from a client; a terminal's input is a few. */
const messageLimit = 1024 * 1024

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Server side of RFC 6455 for text messages: all that a terminal needs, without a dependency. */
export interface WebSocketEvents {
  readonly message: (text: string) => void
  /** Once, however it ended. */
  readonly close: () => void
}

export class WebSocketConnection {
  readonly #socket: Duplex
  readonly #events: WebSocketEvents
  #received: Buffer = Buffer.alloc(0)
  #message: Buffer[] = []
  #size = 0
  #open = true

  private constructor(socket: Duplex, events: WebSocketEvents) {
    this.#socket = socket
    this.#events = events
  }

  /** Answers the handshake, or refuses it with a status and gives back null. */
  static accept(request: IncomingMessage, socket: Duplex, head: Buffer, events: WebSocketEvents): WebSocketConnection | null {
    const key = request.headers['sec-websocket-key']
    if (request.method !== 'GET' || !key || request.headers['sec-websocket-version'] !== '13') {
      refuse(socket, 400, 'Bad Request')
      return null
    }
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
    const connection = new WebSocketConnection(socket, events)
    socket.on('data', (chunk: Buffer) => connection.#data(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.end())
    socket.on('close', () => connection.#closed())
    if (head.length > 0) connection.#data(head)
    return connection
  }

  /** Bytes that the client has not taken yet. */
  get waiting(): number {
    return this.#socket.writableLength
  }

  onDrain(run: () => void): void {
    this.#socket.on('drain', run)
  }

  send(message: unknown): void {
    if (this.#open) this.#frame(opcodes.text, Buffer.from(JSON.stringify(message)))
  }

  close(code: number, reason: string): void {
    if (!this.#open) return
    const body = Buffer.alloc(2)
    body.writeUInt16BE(code)
    this.#frame(opcodes.close, Buffer.concat([body, Buffer.from(reason)]))
    this.#socket.end()
    this.#closed()
  }

  #closed(): void {
    if (!this.#open) return
    this.#open = false
    this.#events.close()
  }

  #frame(opcode: number, body: Buffer): void {
    const long = body.length > 65_535
    const head = Buffer.alloc(body.length < 126 ? 2 : long ? 10 : 4)
    head[0] = 0x80 | opcode
    head[1] = body.length < 126 ? body.length : long ? 127 : 126
    if (head.length === 4) head.writeUInt16BE(body.length, 2)
    if (long) head.writeBigUInt64BE(BigInt(body.length), 2)
    this.#socket.write(Buffer.concat([head, body]))
  }

  #data(chunk: Buffer): void {
    this.#received = this.#received.length > 0 ? Buffer.concat([this.#received, chunk]) : chunk
    while (this.#open && this.#one());
  }

  /** Takes one frame off what has come; false when there is no whole one. */
  #one(): boolean {
    const bytes = this.#received
    if (bytes.length < 2) return false
    const first = bytes[0] ?? 0
    const second = bytes[1] ?? 0
    const short = second & 0x7f
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
    if (bytes.length < 2 + lengthBytes + 4) return false
    const length = lengthBytes === 2 ? bytes.readUInt16BE(2) : lengthBytes === 8 ? Number(bytes.readBigUInt64BE(2)) : short
    if ((first & 0x70) !== 0 || (second & 0x80) === 0) return this.#fail(1002, 'bad frame')
    if (length + this.#size > messageLimit) return this.#fail(1009, 'message too big')
    const start = 2 + lengthBytes + 4
    if (bytes.length < start + length) return false
    const mask = bytes.subarray(start - 4, start)
    const body = Buffer.from(bytes.subarray(start, start + length))
    for (let index = 0; index < length; index += 1) body[index] = (body[index] ?? 0) ^ (mask[index & 3] ?? 0)
    this.#received = Buffer.from(bytes.subarray(start + length))
    this.#take(first & 0x0f, (first & 0x80) !== 0, body)
    return true
  }

  #take(opcode: number, final: boolean, body: Buffer): void {
    if (opcode === opcodes.ping) this.#frame(opcodes.pong, body)
    else if (opcode === opcodes.close) this.close(1000, '')
    else if (opcode === opcodes.text || opcode === opcodes.binary || opcode === opcodes.continuation) {
      this.#message.push(body)
      this.#size += body.length
      if (!final) return
      const text = Buffer.concat(this.#message).toString('utf8')
      this.#message = []
      this.#size = 0
      this.#events.message(text)
    }
  }

  #fail(code: number, reason: string): false {
    this.close(code, reason)
    return false
  }
}

/** An answer, in the one form of this API, on a connection that is no longer node:http's. */
export function refuse(socket: Duplex, status: number, message: string): void {
  socket.on('error', () => socket.destroy())
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const body = JSON.stringify(failure(status, message).body)
  const head = `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  socket.end(head + body, () => socket.destroy())
}
