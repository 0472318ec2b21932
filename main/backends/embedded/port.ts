import { createServer } from 'node:net'
import { fail } from '../../../shared/errors.ts'
import type { Child } from './child.ts'

/** The first free loopback port from `first` upward; nothing reserves it. Called off, it is whichever port it came to. */
export async function freePort(first: number, signal: AbortSignal): Promise<number> {
  for (let port = first; port < first + 1_000 && port <= 65_535; port += 1) {
    if (signal.aborted || (await isFree(port))) return port
  }
  throw portsTaken(first)
}

export function portsTaken(first: number | null, cause?: unknown): Error {
  return fail('PORT_TAKEN', `No port from ${first} upward is free.`, { next: 'Set another `port`, or none.', details: { port: first }, cause })
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Of a server that ended before it listened: what it said is its own, nothing else has run there yet. */
export function foundPortTaken(child: Child): boolean {
  return child.log.last(20).some((line) => line.includes('EADDRINUSE'))
}
