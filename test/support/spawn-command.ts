import { type ChildProcess, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'

export interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: Buffer
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ran>
  stdout(): string
  stderr(): string
}

const root = join(import.meta.dirname, '..', '..')

/** A program, by its path in the repository, run for real by the Node that runs the tests. */
export function start(program: string, args: readonly string[], options: { env?: Record<string, string>; input?: string | Buffer } = {}): Running {
  const child = spawn(process.execPath, [resolve(root, program), ...args], {
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const out: Buffer[] = []
  let err = ''
  child.stdout.on('data', (part: Buffer) => void out.push(part))
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString('utf8')
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  return {
    child,
    ended: new Promise((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal, stdout: Buffer.concat(out), stderr: err }))
    }),
    stdout: () => Buffer.concat(out).toString('utf8'),
    stderr: () => err,
  }
}
