import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'

/** A JSON answer, as loosely typed as the wire is. */
export interface Answer {
  readonly status: number
  readonly body: Body
}
export interface Body {
  readonly success?: boolean
  readonly message?: string
  readonly data: Record<string, never> & { readonly [key: string]: unknown }
  readonly hint?: string | null
  readonly detail?: unknown
  readonly [key: string]: unknown
}

export interface Running {
  readonly url: string
  readonly port: number
  /** HOME and WORKSPACE of the server, removed at the end. */
  readonly home: string
  readonly process: ChildProcess
  post(path: string, body: unknown): Promise<Answer>
  get(path: string): Promise<Answer>
  del(path: string): Promise<Answer>
  close(): Promise<void>
}

const entry = join(import.meta.dirname, '../../../main/sandbox-server/entry.ts')

/** A directory to be a PATH that has these programs and no others. */
export async function pathOf(programs: readonly string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-bin-'))
  for (const program of programs) {
    const found = findProgram(program)
    if (found) await symlink(found, join(directory, program))
  }
  return directory
}

export function findProgram(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** The real server as a child process on a free loopback port, ready unless told not to wait for that. */
export async function startSandboxServer(env: Record<string, string> = {}, headers: Record<string, string> = {}, waitReady = true): Promise<Running> {
  const home = await mkdtemp(join(tmpdir(), 'berth-sandbox-server-'))
  const child = spawn(process.execPath, [entry], {
    env: { PATH: process.env['PATH'] ?? '', HOME: home, PUBLIC_PORT: '0', BERTH_LISTEN: '127.0.0.1', BERTH_VERSION: '9.9.9', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const port = await listening(child)
  const url = `http://127.0.0.1:${port}`
  const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Body }
  }
  const running: Running = {
    url,
    port,
    home,
    process: child,
    post: (path, body) => call('POST', path, body),
    get: (path) => call('GET', path),
    del: (path) => call('DELETE', path),
    close: async () => {
      child.kill('SIGPWR')
      await ended
      await rm(home, { recursive: true, force: true })
    },
  }
  if (waitReady) await until(async () => (await running.get('/v1/sandbox')).status !== 503)
  return running
}

async function listening(child: ChildProcess): Promise<number> {
  if (!child.stdout) throw new Error('no standard output')
  for await (const line of createInterface({ input: child.stdout })) {
    return (JSON.parse(line) as { listening: { port: number } }).listening.port
  }
  throw new Error('the server ended before it listened')
}

/** Waits for what must come, within a time that only a broken program needs. */
export async function until(check: () => Promise<boolean> | boolean, ms = 20_000): Promise<void> {
  const limit = performance.now() + ms
  while (!(await check())) {
    if (performance.now() > limit) throw new Error('it did not come')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
