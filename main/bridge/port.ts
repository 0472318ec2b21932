import type { Server } from 'node:net'
import { type BerthError, fail } from '../../shared/errors.ts'
import { portOwner } from './port-owner.ts'

/** Where a home's bridge is at its first start, if that is free. */
export const firstPort = 7878

/** How many above it are tried at a first start before the system chooses. */
const tries = 100

/** Ports to try, in order. More than one only at a home's first start: later, clients rely on it. */
export interface PortPlan { readonly ports: readonly number[]; readonly why: 'configured' | 'kept' | 'first' }

export function portPlan(known: { configured: number | null; kept: number | null }): PortPlan {
  if (known.configured !== null) return { ports: [known.configured], why: 'configured' }
  if (known.kept !== null) return { ports: [known.kept], why: 'kept' }
  return { ports: [...Array.from({ length: tries }, (_, at) => firstPort + at), 0], why: 'first' }
}

/** Listens on loopback by the plan and tells the port. PORT_TAKEN names who has it and the setting. */
export async function listenByPlan(server: Server, plan: PortPlan): Promise<number> {
  for (const [at, port] of plan.ports.entries()) {
    try {
      return await listen(server, port)
    } catch (thrown) {
      if (codeOf(thrown) === 'EADDRINUSE' && at < plan.ports.length - 1) continue
      throw await cannotListen(port, plan, thrown)
    }
  }
  throw fail('INTERNAL', 'The plan for the bridge names no port', { next: 'This is a defect of Berth; please report it.' })
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}

async function cannotListen(port: number, plan: PortPlan, cause: unknown): Promise<BerthError> {
  if (codeOf(cause) === 'EACCES') {
    return fail('BAD_CONFIG', `Port ${port} may not be opened by this user`, { next: 'Set `bridge.port` to one above 1023.', cause })
  }
  if (codeOf(cause) !== 'EADDRINUSE') {
    return fail('HOME_UNUSABLE', `Berth cannot listen on 127.0.0.1:${port}`, { next: 'Check the loopback interface of this machine.', cause })
  }
  const owner = await portOwner(port)
  const by = owner ? `pid ${owner.pid} (${owner.command})` : 'another process'
  const why = plan.why === 'configured' ? 'the config asks for it' : 'clients of this home know it'
  return fail('PORT_TAKEN', `Port ${port} is taken by ${by}; Berth needs it because ${why}`, {
    next: `Stop ${owner ? `it (kill ${owner.pid})` : 'that process'}, or set \`bridge.port\` in the config to a free one.`,
    details: { port, pid: owner?.pid ?? null, command: owner?.command ?? null, setting: 'bridge.port' },
    cause,
  })
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined
}
