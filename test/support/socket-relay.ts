import { rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'

/** A container engine's socket at another place, which can be there or not: what a machine without an engine gets one by. */
export interface Relay {
  readonly host: string
  open(): Promise<void>
  /** Breaks what goes over it, as an engine that dies does. Idempotent. */
  close(): Promise<void>
}

export function socketRelay(path: string, to = '/var/run/docker.sock'): Relay {
  const sockets = new Set<Socket>()
  let server: ReturnType<typeof createServer> | null = null
  return {
    host: `unix://${path}`,
    async open() {
      const made = createServer((near) => {
        const far = connect(to)
        for (const [one, other] of [
          [near, far],
          [far, near],
        ] as const) {
          sockets.add(one)
          one.on('error', () => undefined)
          one.on('close', () => {
            sockets.delete(one)
            other.destroy()
          })
          one.pipe(other)
        }
      })
      await new Promise<void>((resolve, reject) => void made.once('error', reject).listen(path, resolve))
      server = made
    },
    async close() {
      const ending = server
      server = null
      if (!ending) return
      const closed = new Promise((resolve) => ending.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
      await rm(path, { force: true })
    },
  }
}
