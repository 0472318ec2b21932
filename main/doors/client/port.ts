import { createServer, type Server, type Socket } from 'node:net'
import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { type BerthError, fail } from '../../../shared/errors.ts'
import { errno } from '../../base/write-atomic.ts'
import { isWildcard } from '../http/guard.ts'

/** Where a home's bridge is at its first start, if that is free. */
export const firstPort = 7878
/** The same of its sandbox port. */
const firstSandboxPort = 7879

/** How many above it are tried at a first start before the system chooses. */
const tries = 100

/** Ports to try, in order. More than one only at a home's first start: later, clients rely on it. */
export interface PortPlan {
  readonly ports: readonly number[]
  readonly why: 'configured' | 'kept' | 'first'
  readonly setting?: string
}

export function portPlan(known: { configured: number | null; kept: number | null }): PortPlan {
  if (known.configured !== null) return { ports: [known.configured], why: 'configured' }
  if (known.kept !== null) return { ports: [known.kept], why: 'kept' }
  return { ports: [...Array.from({ length: tries }, (_, at) => firstPort + at), 0], why: 'first' }
}

/** The sandbox port's own plan; never where the bridge is going to be. */
export function sandboxPortPlan(known: { configured: number | null; kept: number | null }, bridge: PortPlan): PortPlan {
  const fixed = known.configured ?? known.kept
  const setting = 'bridge.sandbox_port'
  const bridgePort = bridge.why === 'first' ? null : bridge.ports[0]
  if (fixed === null) {
    const ports = Array.from({ length: tries }, (_, at) => firstSandboxPort + at).filter((port) => port !== bridgePort)
    return { ports: [...ports, 0], why: 'first', setting }
  }
  if (fixed !== bridgePort) return { ports: [fixed], why: known.configured === null ? 'kept' : 'configured', setting }
  throw fail('BAD_CONFIG', `The bridge and the sandbox port cannot both be ${fixed}`, {
    next: 'Set `bridge.port` or `bridge.sandbox_port` to another one.',
    details: { port: fixed },
  })
}

/** One server at one port of several addresses. */
export interface Listening {
  readonly port: number
  /**
   * Takes no new connections at the further addresses; resolves when those that it has have ended. The server itself is
   * its owner's to close.
   */
  readonly close: () => Promise<void>
}

/**
 * Listens by the plan on loopback and at `further` addresses, all at one port. PORT_TAKEN names who has it and the setting;
 * BAD_CONFIG an address that this machine does not have.
 */
export async function listenByPlan(server: Server, plan: PortPlan, further: readonly string[] = []): Promise<Listening> {
  const wildcard = further.find(isWildcard)
  const first = wildcard ?? '127.0.0.1'
  const rest = wildcard === undefined ? further.filter((address) => address !== first) : []
  for (const [at, wanted] of plan.ports.entries()) {
    const open: Server[] = []
    try {
      const port = await listen(server, wanted, first)
      for (const address of new Set(rest)) {
        const door = createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => void server.emit('connection', socket))
        open.push(door)
        await listen(door, port, address)
      }
      return { port, close: () => closeAll(open) }
    } catch (thrown) {
      await closeAll([server, ...open])
      if (errno(thrown) === 'EADDRINUSE' && at < plan.ports.length - 1) continue
      throw await cannotListen(wanted, plan, thrown)
    }
  }
  throw fail('INTERNAL', 'The plan for the bridge names no port', { next: 'This is a defect of Berth; please report it.' })
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    // A port that is taken leaves no listener behind: the next one is tried on the same server.
    const refused = (error: Error) => {
      server.off('listening', heard)
      reject(error)
    }
    const heard = () => {
      server.off('error', refused)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    }
    server.once('error', refused)
    server.once('listening', heard)
    server.listen({ port, host, exclusive: true })
  })
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.filter((server) => server.listening).map((server) => new Promise((resolve) => server.close(resolve))))
}

async function cannotListen(port: number, plan: PortPlan, cause: unknown): Promise<BerthError> {
  const setting = plan.setting ?? 'bridge.port'
  const address = cause instanceof Error && 'address' in cause ? String(cause.address) : '127.0.0.1'
  if (errno(cause) === 'EACCES') {
    return fail('BAD_CONFIG', `Port ${port} may not be opened by this user`, { next: `Set \`${setting}\` to one above 1023.`, cause })
  }
  if (errno(cause) === 'EADDRNOTAVAIL' && address !== '127.0.0.1') {
    return fail('BAD_CONFIG', `${address} is not an address of this machine`, {
      next: "Take it out of `bridge.listen`, or set it to one that `ip addr` shows (a container engine's gateway is there once the engine runs).",
      details: { address, setting: 'bridge.listen' },
      cause,
    })
  }
  if (errno(cause) !== 'EADDRINUSE') {
    return fail('HOME_UNUSABLE', `Berth cannot listen on ${address}:${port}`, { next: 'Check the network interfaces of this machine.', cause })
  }
  const owner = await portOwner(port)
  const by = owner ? `pid ${owner.pid} (${owner.command})` : 'another process'
  const why = plan.why === 'configured' ? 'the config asks for it' : 'clients of this home know it'
  return fail('PORT_TAKEN', `Port ${port} is taken by ${by}; Berth needs it because ${why}`, {
    next: `Stop ${owner ? `it (kill ${owner.pid})` : 'that process'}, or set \`${setting}\` in the config to a free one.`,
    details: { port, pid: owner?.pid ?? null, command: owner?.command ?? null, setting },
    cause,
  })
}

/** Who listens on a port: for the sentence that says that it is taken. */
export interface PortOwner {
  readonly pid: number
  readonly command: string
}

/** Null where the system does not tell: another user's process, or no way to ask. Never throws. */
export async function portOwner(port: number): Promise<PortOwner | null> {
  try {
    return process.platform === 'linux' ? await fromProc(port) : await fromLsof(port)
  } catch {
    // It only completes an error message that is complete enough without it.
    return null
  }
}

/** Rows of /proc/net/tcp: `sl local_address rem_address st ... inode`, addresses as hex `ADDR:PORT`, 0A is LISTEN. */
export function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === '0A')
    .flatMap((fields) => fields[9] ?? [])
}

async function fromProc(port: number): Promise<PortOwner | null> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')))
  const sockets = new Set(tables.flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`))
  if (sockets.size === 0) return null
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // Processes end while we look, and those of other users may not be looked into.
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const descriptor of descriptors) {
      const link = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
      if (sockets.has(link)) return { pid: Number(pid), command: await commandOf(pid) }
    }
  }
  return null
}

async function commandOf(pid: string): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return line.split('\0').join(' ').trim().slice(0, 200) || 'unknown'
}

async function fromLsof(port: number): Promise<PortOwner | null> {
  const { stdout } = await promisify(execFile)('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], { timeout: 5000 })
  const pid = /^p(\d+)$/m.exec(stdout)?.[1]
  return pid === undefined ? null : { pid: Number(pid), command: /^c(.+)$/m.exec(stdout)?.[1] ?? 'unknown' }
}
