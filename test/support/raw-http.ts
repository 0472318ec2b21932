import { connect, type Socket } from 'node:net'

/** Bytes as they go over the wire: what no HTTP client would send. Resolves with all that came back. */
export function rawHttp(port: number, text: string | Buffer, options: { keepOpenMs?: number } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => void socket.write(text))
    let answer = ''
    socket.setEncoding('utf8')
    socket.on('data', (part: string) => {
      answer += part
    })
    socket.on('close', () => resolve(answer)).on('error', reject)
    if (options.keepOpenMs !== undefined) setTimeout(() => socket.destroy(), options.keepOpenMs).unref()
  })
}

/** An open socket, for requests that never end. */
export function rawSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.on('error', reject)
  })
}
