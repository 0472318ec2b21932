import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { liteServer, type LiteServer } from './lite-server.ts'
import { tempDir } from './temp-dir.ts'

/** How it behaves from now on: as it should, or as provisioners are seen to do on bad days. */
export type Mood = 'well' | '500' | 'nonsense' | 'proxy-404' | 'wrong-shape' | 'silent' | 'starting' | 'made-but-500' | 'made-but-cut'

interface Pod {
  readonly id: string
  readonly thread: string
  readonly lite: LiteServer
  phase: string
  readyAt: number
}

/** A provisioner as deer-flow's Kubernetes one answers: its bodies, words and codes, with a lite server for each pod. */
export interface KubernetesLike {
  readonly url: string
  mood: Mood
  /** Ms of phase Pending, and before a POST is answered at all. */
  pendingMs: number
  answerMs: number
  /** After DELETE a pod is listed for so long. */
  graceMs: number
  readonly pods: ReadonlyMap<string, Pod>
  /** `METHOD path` of each call, with what it brought. */
  readonly calls: { readonly line: string; readonly key: string | undefined; readonly basic: string | undefined; readonly body: unknown }[]
  /** The pod's program ends: Kubernetes would say Failed. */
  crash(id: string): void
  /** Pod and service vanish, as by `kubectl delete`. */
  vanish(id: string): Promise<void>
  setPhase(id: string, phase: string): void
  /** The provisioner itself; pods go on. */
  stop(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

/** `takes`: `seed` knows two fields and wants both. `key`: what X-API-Key must be; null: open, as the seed's was. */
export async function kubernetesLike(options: { takes?: 'seed' | 'head'; key?: string } = {}): Promise<KubernetesLike> {
  const home = await tempDir('kubernetes')
  const pods = new Map<string, Pod>()
  const calls: { line: string; key: string | undefined; basic: string | undefined; body: unknown }[] = []
  const seed = z.object({ sandbox_id: z.string(), thread_id: z.string() })
  const head = z.object({ sandbox_id: z.string(), thread_id: z.string().nullish(), user_id: z.string().default('default') })
  let server: Server | null = null
  let port = 0

  const shown = (pod: Pod) => ({
    sandbox_id: pod.id,
    sandbox_url: pod.lite.url,
    status: pod.phase === 'Running' && Date.now() < pod.readyAt ? 'Pending' : pod.phase,
  })
  const send = (response: ServerResponse, status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }

  async function create(body: unknown, response: ServerResponse): Promise<void> {
    const read = (options.takes === 'seed' ? seed : head).safeParse(body)
    if (!read.success) return send(response, 422, { detail: [{ loc: ['body'], msg: 'Field required', type: 'missing' }] })
    const { sandbox_id: id } = read.data
    const thread = read.data.thread_id ?? id
    if (self.answerMs > 0) await new Promise((resolve) => setTimeout(resolve, self.answerMs))
    const known = pods.get(id)
    if (known) return send(response, 200, shown(known))
    const cwd = join(home.path, 'threads', thread, 'user-data')
    await mkdir(cwd, { recursive: true })
    const pod: Pod = { id, thread, lite: await liteServer({ cwd }), phase: 'Running', readyAt: Date.now() + self.pendingMs }
    pods.set(id, pod)
    if (self.mood === 'made-but-500') return send(response, 500, { detail: 'NodePort was not allocated in time' })
    if (self.mood === 'made-but-cut') return void response.destroy()
    send(response, 200, shown(pod))
  }

  async function remove(id: string, response: ServerResponse): Promise<void> {
    const pod = pods.get(id)
    if (pod) {
      await pod.lite.stop()
      setTimeout(() => pods.delete(id), self.graceMs)
      if (self.graceMs === 0) pods.delete(id)
    }
    send(response, 200, { ok: true, sandbox_id: id })
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const [path = ''] = (request.url ?? '').split('?')
    const key = request.headers['x-api-key']
    calls.push({
      line: `${request.method} ${path}`,
      key: typeof key === 'string' ? key : undefined,
      basic: request.headers.authorization,
      body: text === '' ? null : JSON.parse(text),
    })
    const { mood } = self
    if (mood === 'silent') return
    if (mood === '500') return send(response, 500, { detail: 'Pod creation failed: etcd is away' })
    if (mood === 'starting') return send(response, 503, { error: { code: 'STARTING', message: 'Not yet', next: 'Wait.', retry: true } })
    if (mood === 'wrong-shape') return send(response, 200, { sandboxes: 'many' })
    if (mood === 'nonsense' || mood === 'proxy-404') {
      response.writeHead(mood === 'nonsense' ? 200 : 404, { 'content-type': 'text/html' })
      response.end('<html><h1>default backend</h1></html>')
      return
    }
    if (path.startsWith('/health')) return send(response, 200, { status: 'ok' })
    if (options.key !== undefined && key !== options.key) return send(response, 401, { detail: 'Unauthorized' })
    const id = /^\/api\/sandboxes\/([^/?]+)$/.exec(path)?.[1]
    if (path === '/api/sandboxes' && request.method === 'POST') return await create(JSON.parse(text), response)
    if (path === '/api/sandboxes') return send(response, 200, { sandboxes: [...pods.values()].map(shown), count: pods.size })
    if (id === undefined) return send(response, 404, { detail: 'Not Found' })
    if (request.method === 'DELETE') return await remove(id, response)
    const pod = pods.get(id)
    return pod ? send(response, 200, shown(pod)) : send(response, 404, { detail: `Sandbox '${id}' not found` })
  }

  const self: KubernetesLike = {
    get url() {
      return `http://127.0.0.1:${port}`
    },
    mood: 'well',
    pendingMs: 0,
    answerMs: 0,
    graceMs: 0,
    pods,
    calls,
    crash(id) {
      const pod = pods.get(id)
      if (!pod) throw new Error(`no pod ${id}`)
      process.kill(pod.lite.pid, 'SIGKILL')
      pod.phase = 'Failed'
    },
    async vanish(id) {
      await pods.get(id)?.lite.stop()
      pods.delete(id)
    },
    setPhase(id, phase) {
      const pod = pods.get(id)
      if (pod) pod.phase = phase
    },
    async start() {
      server = createServer((request, response) => {
        answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))))
      })
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      port = typeof address === 'object' && address ? address.port : port
    },
    async stop() {
      const stopping = server
      server = null
      stopping?.closeAllConnections()
      await new Promise((resolve) => (stopping ? stopping.close(resolve) : resolve(undefined)))
    },
    async close() {
      await self.stop()
      await Promise.all([...pods.values()].map((pod) => pod.lite.stop()))
      await home.remove()
    },
  }
  await self.start()
  return self
}
