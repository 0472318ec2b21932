import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { activity } from './activity.ts'
import { gate } from './auth.ts'
import { bashRoutes } from './bash-routes.ts'
import { bashSessions } from './bash-sessions.ts'
import type { BashSessions } from './bash-sessions.ts'
import { codeRoutes } from './code-routes.ts'
import { sandboxContexts } from './context.ts'
import { hasThread } from './disk.ts'
import { downloadRoutes } from './download.ts'
import { editorRoutes } from './editor.ts'
import { fileRoutes } from './file-routes.ts'
import { findRoutes } from './find-routes.ts'
import { grepRoutes } from './grep-routes.ts'
import { admits, httpServer, target } from './http.ts'
import { observeRoutes } from './observe.ts'
import { openApi } from './openapi.ts'
import { pipes } from './pipes.ts'
import { failure, ok, RequestError } from './reply.ts'
import { look, router } from './router.ts'
import type { Route } from './router.ts'
import type { Settings } from './settings.ts'
import { shellRoutes } from './shell-routes.ts'
import { shellSessions } from './shell-sessions.ts'
import { terminalRoutes } from './terminal-routes.ts'
import { terminalSocket } from './terminal-socket.ts'
import { terminals } from './terminal.ts'
import { hasTty } from './tty.ts'
import { uploadRoutes } from './upload.ts'
import { refuse } from './websocket.ts'

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
  const probing = (): Promise<void> => probe(bash, settings.environment).then(() => { ready = true }, (error: unknown) => {
    fault(error)
    // No such program, or not to be run: for ever. No memory or no process to spare: only now.
    const reason = error instanceof RequestError ? error.cause : error
    if (reason instanceof Error && 'code' in reason && (reason.code === 'ENOENT' || reason.code === 'EACCES')) unable = reason.message
    else setTimeout(() => void probing(), 500).unref()
  })
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
      command: 'true', cwd: '/', env, input: false, followed: false, uncut: false, hardTimeout: 60,
    })
    await command.ended
    if (command.exitCode !== 0) throw new Error(`the probe command ended with ${command.exitCode}`)
  } finally {
    bash.close('probe')
  }
}
