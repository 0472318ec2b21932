import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { fail } from '../../shared/errors.ts'
import { hostsOf } from '../../main/doors/http/guard.ts'
import { capabilities, type Capabilities } from '../../main/doors/bridge/sandbox-port/capabilities.ts'
import type { SandboxPortLimits } from '../../main/doors/bridge/sandbox-port/exchange.ts'
import { type SandboxPort, startSandboxPort } from '../../main/doors/bridge/sandbox-port/start-sandbox-port.ts'
import { openGenerations } from '../../main/house/home/generations.ts'
import type { Visit } from '../../main/core/provider-api.ts'
import { testToken } from './bridge.ts'
import { tempDir } from './temp-dir.ts'

export const sandboxKeyOfTest = 'the-key-of-this-sandbox'
export const idA = 'a'.repeat(16)
export const idB = 'b'.repeat(16)

/** A program in the sandbox, as a web server of the test. */
export interface Program {
  readonly port: number
  /** Every request that came through, in order. */
  readonly heard: IncomingMessage[]
  close(): Promise<void>
}

export async function program(answer: RequestListener, onUpgrade?: (request: IncomingMessage, socket: Socket, head: Buffer) => void): Promise<Program> {
  const heard: IncomingMessage[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    heard.push(request)
    answer(request, response)
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket))
  })
  if (onUpgrade) {
    server.on('upgrade', (request, socket, head) => {
      heard.push(request)
      onUpgrade(request, socket as Socket, head)
    })
  }
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

export interface PortRig {
  readonly sandboxPort: SandboxPort
  readonly port: number
  readonly capabilities: Capabilities
  /** `entered`, `streaming`, `touch`, `left`, of either sandbox, in order; `probe` for one that does not count. */
  readonly did: string[]
  url(id: string): string
  /** Value of the Cookie header that lets a browser in. */
  cookie(id: string): string
  /** As the engine reports an end. */
  lose(id: string): void
  close(): Promise<void>
}

/** The real sandbox port before given addresses: for what happens on the wire. The provider behind it only lets in and counts. */
export async function openPortRig(
  at: Readonly<Record<string, string>>,
  options: { limits?: Partial<SandboxPortLimits>; listen?: string[]; host?: string } = {},
): Promise<PortRig> {
  const dir = await tempDir('sandbox-port')
  const did: string[] = []
  const lost = new Map<string, AbortController>()
  const caps = capabilities('5'.repeat(64), await openGenerations(dir.path, (text) => did.push(text)))
  const enter = (id: string, { counts }: { counts: boolean }): Promise<Visit> => {
    const url = at[id]
    if (url === undefined) return Promise.reject(fail('SANDBOX_NOT_FOUND', 'none', { next: 'acquire' }))
    const control = lost.get(id) ?? new AbortController()
    lost.set(id, control)
    did.push(counts ? 'entered' : 'probe')
    return Promise.resolve({
      address: { url, key: sandboxKeyOfTest },
      lost: control.signal,
      streaming: () => void did.push('streaming'),
      touch: () => void did.push('touch'),
      explain: (error) => Promise.resolve(error as Awaited<ReturnType<Visit['explain']>>),
      leave: () => void did.push('left'),
    })
  }
  const sandboxPort = await startSandboxPort({
    plan: { ports: [0], why: 'first' },
    listen: options.listen ?? [],
    hosts: hostsOf(options.listen ?? [], options.host ?? null),
    capabilities: caps,
    provider: { enter },
    identify: (token) => (token === testToken ? { name: 'master', scope: 'operator', bounds: null, revoked: new AbortController().signal } : null),
    dispatch: (_context, _name, input) => {
      const { id } = input as { id: string }
      if (at[id] === undefined) return Promise.reject(fail('SANDBOX_NOT_FOUND', 'none', { next: 'acquire' }))
      return Promise.resolve({ id })
    },
    begun: () => Promise.resolve(),
    ...(options.limits ? { limits: options.limits } : {}),
  })
  return {
    sandboxPort,
    capabilities: caps,
    did,
    port: sandboxPort.port,
    url: (id) => `http://127.0.0.1:${sandboxPort.port}/s/${id}.${caps.of('path', id)}`,
    cookie: (id) => `berth-${id}=${caps.of('browser', id)}`,
    lose(id) {
      lost.get(id)?.abort(fail('SANDBOX_LOST', 'The sandbox ended', { next: 'Acquire again.' }))
      lost.delete(id)
    },
    async close() {
      await sandboxPort.close()
      await dir.remove()
    },
  }
}
