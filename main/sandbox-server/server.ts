import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { activity } from './activity.ts'
import { gate, look, type Route, router } from './router.ts'
import { bashRoutes } from './bash-routes.ts'
import { bashSessions, type BashSessions } from './bash-sessions.ts'
import { codeRoutes } from './code-routes.ts'
import { sandboxContexts } from './context.ts'
import { hasThread } from './disk.ts'
import { downloadRoutes } from './download.ts'
import { editorRoutes } from './editor.ts'
import { fileRoutes } from './file-routes.ts'
import { findRoutes } from './find-routes.ts'
import { grepRoutes } from './grep-routes.ts'
import { admits, httpServer, refuse, target } from './http.ts'
import { pipes } from './pipes.ts'
import { failure, ok, RequestError } from './reply.ts'
import type { Settings } from './settings.ts'
import { shellRoutes } from './shell-routes.ts'
import { shellSessions } from './shell-sessions.ts'
import { terminalRoutes } from './terminal-routes.ts'
import { terminalSocket } from './terminal-socket.ts'
import { hasTty, terminals } from './terminal.ts'
import { uploadRoutes } from './upload.ts'
import type { Call } from './served-call.ts'
import { processTable, uptimeSeconds } from './process-table.ts'
import type { Workspace } from './workspace.ts'

/** How long a thread that is free may take on a machine that is busy; below what a probe waits. */
const threadMs = 1000

export interface SandboxServer {
  /** Where it listens. */
  readonly port: number
  /** Ends every command and closes the port, within about two seconds. */
  close(): Promise<void>
}

/** Starts the lite sandbox server: resolves when it listens; `GET /v1/sandbox` answers 503 until a command has really run. */
export async function startServer(settings: Settings): Promise<SandboxServer> {
  const instance = randomUUID()
  const clock = (): number => performance.now()
  const active = activity(clock)
  const doors = gate(settings.key, clock)
  const pool = pipes()
  const bash = bashSessions({ max: settings.maxSessions, pipes: pool, onEnd: active.touch })
  const contextAt = sandboxContexts(settings)
  const tty = hasTty()
  const consoles = terminals({ ...settings, tty, max: settings.maxSessions })
  const shells = shellSessions({ ...settings, tty, max: settings.maxSessions, others: consoles.count, onEnd: active.touch })
  let ready = false
  let unable: string | null = null
  let faults = 0
  const fault = (error: unknown): void => {
    faults += 1
    console.error('sandbox-server:', error)
  }

  const routes: Route[] = [
    look('GET', '/v1/sandbox', 'What this sandbox is', async () => {
      // 501: no waiting will help.
      if (!ready) return unable === null ? failure(503, 'Starting') : failure(501, `No command can be run here: ${unable}`)
      // Whoever asks this wants to know whether a command would run.
      return (await hasThread(threadMs)) ? contextAt(port) : failure(503, 'No command can start: every thread of the sandbox server waits for a file system')
    }),
    look('GET', '/healthz', 'State for the lifecycle manager', () => ({
      status: 200,
      body: {
        status: ready ? 'ok' : 'starting',
        version: settings.version,
        running: bash.running() + shells.running(),
        idle_seconds: active.idleSeconds(),
        sessions: bash.list().length + shells.list().length + consoles.count(),
        uptime_seconds: Math.floor(process.uptime()),
        pid: process.pid,
        instance,
        faults,
      },
    })),
    look('GET', '/v1/mcp/servers', 'MCP servers: none', () => ok([])),
    ...shellRoutes(shells, consoles),
    ...bashRoutes(bash, settings),
    ...fileRoutes(),
    ...findRoutes(),
    ...grepRoutes(settings.worker),
    ...uploadRoutes(settings.workspace),
    ...downloadRoutes(),
    ...editorRoutes(),
    ...codeRoutes(bash, settings),
    ...observeRoutes(settings.workspace),
    ...terminalRoutes(consoles, doors),
    look('GET', '/v1/openapi.json', 'This description', () => ({ status: 200, body: openApi(routes, settings.version) })),
  ]

  const server = httpServer({ router: router(routes), gate: doors, activity: active, places: settings, fault })
  server.on('upgrade', (request, socket, head) => {
    const { path, query } = target(request.url ?? '/')
    if (!admits(request, query, doors)) refuse(socket, 401, 'Unauthorized')
    else if (path !== '/v1/shell/ws') refuse(socket, 404, 'Not Found')
    else {
      terminalSocket(request, socket, head, query, { terminals: consoles, shells, touch: active.touch }).catch((error: unknown) => {
        fault(error)
        socket.destroy()
      })
    }
  })
  const probing = (): Promise<void> =>
    probe(bash, settings.environment).then(
      () => {
        ready = true
      },
      (error: unknown) => {
        fault(error)
        // No such program, or not to be run: for ever. No memory or no process to spare: only now.
        const reason = error instanceof RequestError ? error.cause : error
        if (reason instanceof Error && 'code' in reason && (reason.code === 'ENOENT' || reason.code === 'EACCES')) unable = reason.message
        else setTimeout(() => void probing(), 500).unref()
      },
    )
  void probing()
  const port = await listen(server, settings)
  return {
    port,
    close: async () => {
      server.close()
      bash.closeAll()
      shells.closeAll()
      consoles.closeAll()
      await graceful(() => bash.running() + shells.running() === 0)
      bash.killAll()
      shells.killAll()
      consoles.killAll()
      pool.close()
      server.closeAllConnections()
    },
  }
}

/** Up to a second for commands that were told to end. */
async function graceful(quiet: () => boolean): Promise<void> {
  const until = performance.now() + 1000
  while (!quiet() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10))
}

function listen(server: Server, settings: Settings): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(settings.port, settings.host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : settings.port)
    })
  })
}

async function probe(bash: BashSessions, env: Readonly<Record<string, string>>): Promise<void> {
  const session = bash.create('probe', '/')
  try {
    const command = await bash.run(session, {
      command: 'true',
      cwd: '/',
      env,
      input: false,
      followed: false,
      uncut: false,
      hardTimeout: 60,
    })
    await command.ended
    if (command.exitCode !== 0) throw new Error(`the probe command ended with ${command.exitCode}`)
  } finally {
    bash.close('probe')
  }
}

/** What is served here, for tools that ask: paths and summaries; the bodies are those of the AIO sandbox's own document. */
function openApi(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const name = route.path.includes('sessions/{}') ? '{session_id}' : '{id}'
    const path = route.path.replace('{}', name)
    const parameters = route.path.includes('{}') ? [{ name: name.slice(1, -1), in: 'path', required: true, schema: { type: 'string' } }] : []
    const body =
      route.method === 'POST'
        ? { requestBody: { content: { [route.path.endsWith('/upload') ? 'multipart/form-data' : 'application/json']: { schema: { type: 'object' } } } } }
        : {}
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: {
        operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/[^a-zA-Z0-9]+/g, '_')}`,
        summary: route.summary,
        parameters,
        ...body,
        responses: { 200: { description: 'Successful Response' }, 422: { description: 'Validation Error' } },
      },
    }
  }
  return { openapi: '3.1.0', info: { title: 'Berth lite sandbox', version }, paths }
}

/** A look at what the sandbox uses now; nothing is recorded. */
function observeRoutes(workspace: Workspace): Route[] {
  const live = async (call: Call) => {
    const asked = Number(call.query.get('top_rows') ?? 10)
    const rows = Number.isInteger(asked) && asked > 0 ? Math.min(asked, 100) : 10
    return ok({
      captured_at: new Date().toISOString(),
      mode: 'off',
      cgroup: cgroup(),
      disk: await disks(['/', workspace.path()]),
      top_processes: top(rows),
      recent_events: [],
    })
  }
  return [look('GET', '/v1/sandbox/observe/live', 'What the sandbox uses now', live)]
}

function cgroup(): Record<string, unknown> {
  const used = number('/sys/fs/cgroup/memory.current')
  const max = number('/sys/fs/cgroup/memory.max')
  const events = text('/sys/fs/cgroup/memory.events')
  const count = (name: string): number => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(events)?.[1] ?? 0)
  return {
    cpu_usage_pct: null,
    mem_current_bytes: used,
    mem_max_bytes: max,
    mem_usage_pct: used !== null && max !== null && max > 0 ? (100 * used) / max : null,
    oom: count('oom'),
    oom_kill: count('oom_kill'),
  }
}

async function disks(paths: readonly string[]): Promise<Record<string, unknown>[]> {
  const found = await Promise.all(
    [...new Set(paths)].map(async (path) => {
      const stats = await statfs(path).catch(() => null)
      if (!stats) return []
      const total = stats.blocks * stats.bsize
      const free = stats.bavail * stats.bsize
      const used = (stats.blocks - stats.bfree) * stats.bsize
      return [{ path, used_bytes: used, total_bytes: total, free_bytes: free, usage_pct: total > 0 ? (100 * used) / total : 0 }]
    }),
  )
  return found.flat()
}

function top(rows: number): Record<string, unknown>[] {
  const uptime = uptimeSeconds()
  return processTable()
    .toSorted((a, b) => b.rssBytes - a.rssBytes)
    .slice(0, rows)
    .map((each) => ({
      pid: each.pid,
      ppid: each.parent,
      user: String(Number(/^Uid:\s+(\d+)/m.exec(text(`/proc/${each.pid}/status`))?.[1] ?? 0)),
      comm: each.name,
      rss_bytes: each.rssBytes,
      rss_mib: each.rssBytes / 1048576,
      // Over the process's whole life: a current figure would take a second look, later.
      cpu_pct: (100 * each.cpuSeconds) / Math.max(0.01, uptime - each.startedAt),
      state: each.state,
    }))
}

/** `max` (no limit) is null, and so is what this system does not have. */
function number(path: string): number | null {
  const value = Number.parseInt(text(path), 10)
  return Number.isNaN(value) ? null : value
}

function text(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
