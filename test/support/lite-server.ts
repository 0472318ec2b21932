import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

export interface LiteServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

/** The real lite server as a child of the test, on a loopback port of its own; `port` 0: any. */
export async function liteServer(options: { key?: string; cwd: string; port?: number; env?: Record<string, string> }): Promise<LiteServer> {
  const entry = fileURLToPath(new URL('../../main/sandbox-server/entry.ts', import.meta.url))
  const child = spawn(process.execPath, [entry], {
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      HOME: options.cwd,
      WORKSPACE: options.cwd,
      PUBLIC_PORT: String(options.port ?? 0),
      BERTH_LISTEN: '127.0.0.1',
      BERTH_VERSION: '9.8.7',
      ...(options.key ? { SANDBOX_API_KEY: options.key } : {}),
      ...options.env,
    },
  })
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout)
  const first = await Promise.race([once(lines, 'line'), exited.then(() => Promise.reject(new Error('the lite server ended at once')))])
  const { port } = z.object({ listening: z.object({ port: z.number() }) }).parse(JSON.parse(String(first[0]))).listening
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
