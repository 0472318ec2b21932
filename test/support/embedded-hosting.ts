import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Found, Mount } from '../../main/backends/backend.ts'
import type { HostOrder } from './embedded-host.ts'
import { tempDir } from './temp-dir.ts'
import { within } from './wait.ts'

export interface Hosting {
  readonly child: ChildProcess
  readonly home: string
  readonly installation: string
  /** Rejects when the host ends first. */
  readonly made: Promise<{ key: string; found: Found }[]>
  readonly opened: Promise<void>
  /** An orderly end, then the home is removed. */
  end(): Promise<void>
}

export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** The ordinary user that tests run as where root runs them; made when missing. Null: we are not root. */
export function ordinaryUser(): Account | null {
  if (process.getuid?.() !== 0) return null
  const name = 'tester'
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { name, uid: id('-u'), gid: id('-g') }
  } catch {
    execFileSync('useradd', ['--create-home', '--shell', '/bin/bash', name])
    return { name, uid: id('-u'), gid: id('-g') }
  }
}

/** Starts `embedded-host.ts` as a process of its own, under another account where one is given. */
export async function host(options: {
  sandboxes: number
  mounts?: readonly Mount[]
  as?: Account | null
  env?: Record<string, string>
  /**
   * A directory that the host inherits as descriptor 60, as a careless parent would leave it open. (Node itself closes
   * low ones to its children, up to the first gap.)
   */
  inherited?: string
  pids?: number
}): Promise<Hosting> {
  const home = await tempDir('host')
  if (options.as) chownSync(home.path, options.as.uid, options.as.gid)
  const installation = randomBytes(8).toString('hex')
  const order: HostOrder = {
    home: home.path,
    installation,
    sandboxes: options.sandboxes,
    mounts: options.mounts ?? [],
    pids: options.pids ?? 4096,
  }
  const words = [process.execPath, join(import.meta.dirname, 'embedded-host.ts'), JSON.stringify(order)]
  const child = spawn('/bin/bash', ['-c', 'exec 60< "$0"; exec "$@"', options.inherited ?? '/dev/null', ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/bin', ...options.env },
    ...(options.as ? { uid: options.as.uid, gid: options.as.gid } : {}),
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const lines = createInterface({ input: child.stdout! })
  const opened = Promise.withResolvers<void>()
  const made = Promise.withResolvers<{ key: string; found: Found }[]>()
  lines.on('line', (line) => (line === 'opened' ? opened.resolve() : made.resolve(JSON.parse(line) as { key: string; found: Found }[])))
  void ended.then(() => {
    opened.reject(new Error('the host ended before it had opened its backend'))
    made.reject(new Error('the host ended before it had made its sandboxes'))
  })
  // Tests that kill the host do not wait for what it would have said.
  for (const promise of [opened.promise, made.promise]) promise.catch(() => {})
  return {
    child,
    home: home.path,
    installation,
    opened: opened.promise,
    made: made.promise,
    async end() {
      child.stdin!.end()
      await within(20_000, 'the host ends', ended)
      await home.remove()
    },
  }
}
