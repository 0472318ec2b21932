import { directAddressing } from '../../main/calls/rpc/addressing.ts'
import { openTokens } from '../../main/house/tokens/tokens.ts'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import Docker from 'dockerode'
import type { Backend } from '../../main/backends/backend.ts'
import type { Caller } from '../../main/house/tokens/caller.ts'
import { defaultLimits } from '../../main/doors/http/body.ts'
import { listenByPlan } from '../../main/doors/client/port.ts'
import { openAliases } from '../../main/doors/provisioner/aliases.ts'
import { defaultTimes, type Times } from '../../main/doors/provisioner/provisioner.ts'
import { healthRoute } from '../../main/doors/bridge/routes/monitoring.ts'
import { provisionerRoute } from '../../main/doors/bridge/routes/provisioner.ts'
import { createBridgeServer } from '../../main/doors/http/server.ts'
import { systemClock } from '../../main/base/clock.ts'
import { loadConfig } from '../../main/house/config/load-config.ts'
import { openEvents, type Events } from '../../main/house/events/events.ts'
import { sandboxKey } from '../../main/house/home/generations.ts'
import { fileLocks } from '../../main/house/home/file-lock.ts'
import { openHome } from '../../main/house/home/open-home.ts'
import { openBackend } from '../../main/engine/open-backend.ts'
import { provide } from '../../main/engine/provide.ts'
import { bindHandlers } from '../../main/calls/rpc/bind-handlers.ts'
import { contractId } from '../../main/calls/rpc/contract-hash.ts'
import { createDispatch } from '../../main/calls/rpc/dispatch.ts'
import { version } from '../../main/base/version.ts'
import type { CallName, CallResult } from '../../shared/contract.ts'
import { fail } from '../../shared/errors.ts'
import type { NewEvent } from '../../shared/events.ts'
import { desktopParts } from './desktop-parts.ts'
import { removeContainersOf } from './leftover-containers.ts'
import { tempDir } from './temp-dir.ts'

export interface Answer {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly text: string
  readonly json: unknown
}

/** The dialect on a loopback port over real containers, for two clients with a token each. */
export interface DialectHouse {
  readonly home: string
  readonly port: number
  readonly docker: Docker
  readonly prefix: string
  readonly events: Events
  readonly published: NewEvent[]
  token(client: string): string
  /** One request on a connection of its own, as deer-flow sends them. */
  ask(client: string, method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer>
  /** A call of Berth's own, by another client. */
  call<K extends CallName>(client: string, name: K, input: object): Promise<CallResult<K>>
  /** Names of this house's containers, in any state. */
  containers(): Promise<string[]>
  /** Straight to a sandbox's own HTTP API, with its key: what no call of Berth sees. */
  within(url: string, path: string, body?: object): Promise<Record<string, unknown>>
  reopen(more?: Partial<DialectOptions>): Promise<DialectHouse>
  /** The engine goes, its containers stay or go as `on_exit` says. */
  shut(): Promise<void>
  close(): Promise<void>
}

export interface DialectOptions {
  /** YAML beside `backend: docker` and `spares`. */
  readonly config?: string
  readonly sandbox?: Record<string, string | number | boolean>
  /** Default 0: what a suite counts is what it made. */
  readonly spares?: number
  readonly times?: Partial<Times>
  readonly decorate?: (backend: Backend) => Backend
  /** Files of the home that are there before Berth is, by path. */
  readonly files?: Record<string, string>
}

export async function openDialectHouse(options: DialectOptions = {}): Promise<DialectHouse> {
  const dir = await tempDir('dialect')
  const prefix = `bd${randomBytes(4).toString('hex')}`
  for (const [path, text] of Object.entries(options.files ?? {})) {
    await mkdir(join(dir.path, path, '..'), { recursive: true })
    await writeFile(join(dir.path, path), text)
  }
  return await openAt(dir, prefix, options)
}

const clients: Record<string, string> = { alpha: `e2b_${'a'.repeat(40)}`, beta: `e2b_${'b'.repeat(40)}` }

async function openAt(dir: Awaited<ReturnType<typeof tempDir>>, prefix: string, options: DialectOptions): Promise<DialectHouse> {
  const sandbox = Object.entries({ container_prefix: prefix, ...options.sandbox }).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`)
  await writeFile(
    join(dir.path, 'config.yaml'),
    `backend: docker\nspares: ${options.spares ?? 0}\nsandbox:\n${sandbox.join('\n')}\n${(options.config ?? '').replaceAll('$HOME', dir.path)}\n`,
  )
  const clock = systemClock()
  const log = () => undefined
  const home = await openHome(dir.path)
  const loaded = await loadConfig({ env: {}, home: home.path })
  const events = openEvents({ clock, instance: randomBytes(4).toString('hex'), file: null, log })
  const published: NewEvent[] = []
  const publish = (event: NewEvent) => {
    published.push(event)
    events.publish(event)
  }
  const opened = await openBackend({ config: loaded, home, env: process.env, clock, token: 'unused', isToken: () => false, fixes: async () => [], log })
  const backend = options.decorate ? options.decorate(opened.backend) : opened.backend
  const provider = provide({
    backend,
    config: () => loaded,
    home,
    env: process.env,
    locks: fileLocks(home.paths.locks, clock),
    clock,
    publish,
    problem: () => null,
  })
  const tokens = await openTokens({ file: home.paths.tokens, master: 'unused', clock, publish })
  const absent = () => Promise.reject(fail('NOT_SUPPORTED', 'Not in this house', { next: 'Ask a whole one.' }))
  const dispatch = createDispatch({
    handlers: bindHandlers({
      ...desktopParts({ clock, events, tokens, provider }),
      provider,
      tokens,
      events,
      version,
      token: 'unused',
      home: home.path,
      addressing: directAddressing(),
      contract: contractId(),
      status: absent,
      doctor: absent,
      config: absent,
      threads: absent,
      forget: absent,
      stop: () => undefined,
    }),
    log,
    ownerOf: provider.ownerOf,
    departed: provider.departed,
    sandboxes: () => provider.list().sandboxes,
  })
  const identify = (token: string): Caller | null => {
    const found = Object.entries(clients).find(([, its]) => its === token)
    return found ? { name: found[0], scope: 'agent', bounds: { threadPrefix: '', user: null }, revoked: new AbortController().signal } : null
  }
  const limits = defaultLimits
  const aliases = openAliases({
    dir: home.paths.aliases,
    now: () => clock.wall(),
    problem: (text) => publish({ type: 'berth.problem', who: 'berth:test', text }),
  })
  const bridge = createBridgeServer({
    identify,
    routes: [
      healthRoute({ dispatch }),
      provisionerRoute({
        dispatch,
        aliases,
        begun: () => provider.begin(),
        publish,
        addressOf: (it) => it.url,
        times: { ...defaultTimes, ...options.times },
        limits,
      }),
    ],
    limits,
  })
  const { port } = await listenByPlan(bridge.server, { ports: [0], why: 'first' })
  void provider.begin().catch(() => undefined) // Whoever asks gets the failure.

  const docker = new Docker()
  const ours = () => docker.listContainers({ all: true, filters: { label: [`berth.home=${dir.path}`] } })
  const shut = async () => {
    await provider.close({ destroy: loaded.config.on_exit === 'destroy' ? 'all' : 'none' })
    await bridge.close()
    await backend.close()
    await tokens.close()
    await events.close()
  }
  return {
    home: dir.path,
    port,
    docker,
    prefix,
    events,
    published,
    shut,
    token: (client) => clients[client] ?? '',
    ask: (client, method, path, body, signal) => send(port, method, path, clients[client] === undefined ? {} : { 'x-api-key': clients[client] }, body, signal),
    async call(client, name, input) {
      const context = { scope: 'operator', client, bounds: null, who: `client:${client}`, signal: new AbortController().signal, transport: 'process' } as const
      return (await dispatch(context, name, input)) as CallResult<typeof name>
    },
    containers: async () => (await ours()).map(({ Names }) => (Names[0] ?? '').slice(1)),
    async within(url, path, body) {
      const row = (await ours()).find(({ Ports }) => Ports.some(({ PublicPort }) => PublicPort === Number(new URL(url).port)))
      const key = sandboxKey(home.secret, row?.Labels['berth.nonce'] ?? '')
      const answer = await fetch(url + path, {
        headers: { 'X-AIO-API-Key': key, 'content-type': 'application/json' },
        ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      })
      return (await answer.json()) as Record<string, unknown>
    },
    async reopen(more = {}) {
      await shut()
      return await openAt(dir, prefix, { ...options, ...more })
    },
    async close() {
      await shut()
      await removeContainersOf(docker, { home: dir.path })
      await dir.remove()
    },
  }
}

/** A new connection for each, like Python's requests without a session. `body`: a string goes as it is. */
export function send(port: number, method: string, path: string, headers: Record<string, string>, body?: unknown, signal?: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body)
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: false,
        ...(signal ? { signal } : {}),
        headers: {
          connection: 'close',
          ...(text === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...headers,
        },
      },
      (response) => {
        let got = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          got += part
        })
        response.on('error', reject).on('end', () => {
          let json: unknown = null
          try {
            json = JSON.parse(got)
          } catch {
            // A plain text; whoever expects JSON sees null.
          }
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: got, json })
        })
      },
    )
    sent.on('error', reject)
    sent.end(text ?? undefined)
  })
}
