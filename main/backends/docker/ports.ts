import { createServer } from 'node:net'

/** How many ports from the configured one upward are tried, and how often the engine may choose badly. */
const span = 100
const choices = 5

/** Host ports to try in turn; null lets the engine choose. */
export function candidates(from: number | null): (number | null)[] {
  if (from === null) return Array.from({ length: choices }, () => null)
  return Array.from({ length: Math.min(span, 65_536 - from) }, (_, index) => from + index)
}

/** Whether a program could listen there now. A hint that saves the engine a failed start, not a reservation. */
export function looksFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      // Any other reason (an address of another machine, a privileged port) is for the engine to judge.
      resolve(error.code !== 'EADDRINUSE')
    })
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
