import { rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'

export interface EngineSocket {
  /** As DOCKER_HOST has it. */
  readonly host: string
  /** The container engine answers here. */
  appear(): Promise<void>
  /** It does not: the socket is gone and whoever was connected is cut off. */
  vanish(): Promise<void>
}

/** A socket of a test's own that leads to the shared container engine, or nowhere: it comes and goes while that one runs on. */
export function engineSocket(path: string, real = '/var/run/docker.sock'): EngineSocket {
  const open = new Set<Socket>()
  let server: Server | null = null
  function join(from: Socket): void {
    const to = connect({ path: real, allowHalfOpen: true })
    for (const [socket, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  }
  return {
    host: `unix://${path}`,
    async appear() {
      const next = createServer({ allowHalfOpen: true }, join)
      await new Promise<void>((resolve, reject) => {
        next.once('error', reject)
        next.listen(path, resolve)
      })
      server = next
    },
    async vanish() {
      const ending = server
      server = null
      if (ending === null) return
      const closed = new Promise((resolve) => ending.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
      await rm(path, { force: true })
    },
  }
}
