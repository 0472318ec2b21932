import { createServer } from 'node:net'
import { fail } from '../../../shared/errors.ts'

/** The first free loopback port from `first` upward. Nothing reserves it: whoever takes it meanwhile makes the start fail. */
export async function freePort(first: number, signal: AbortSignal): Promise<number> {
  for (let port = first; port < first + 1_000 && port <= 65_535 && !signal.aborted; port += 1) {
    if (await isFree(port)) return port
  }
  throw fail('PORT_TAKEN', `No port from ${first} upward is free.`, {
    next: 'Set another `port`, or none.', details: { port: first },
  })
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
