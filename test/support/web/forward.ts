import { createServer, connect, type AddressInfo } from 'node:net'

export interface Forward {
  readonly port: number
  close(): Promise<void>
}

/** As `ssh -L` does: another local port that leads to this one. */
export async function forwardTo(port: number, at = 0): Promise<Forward> {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1')
    for (const socket of [from, to]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => sockets.delete(socket))
    }
    from.pipe(to)
    to.pipe(from)
  })
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
