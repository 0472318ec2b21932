import { spawn } from 'node:child_process'
import { root } from '../lib/root.mjs'

export interface CommandEnd {
  /** null when it was ended by a signal or could not be started. */
  readonly code: number | null
  readonly timedOut: boolean
  /** Both streams, the last 256 KiB. */
  readonly output: string
}

const kept = 262_144

/**
 * Runs a command in the clone's root (or `cwd`), its output shown (unless `quiet`) and kept. Past `seconds`, or with `signal`,
 * its whole process group is killed, so that no suite leaves anything running.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { seconds: number; cwd?: string; quiet?: boolean; env?: NodeJS.ProcessEnv; signal?: AbortSignal },
): Promise<CommandEnd> {
  return new Promise((resolve) => {
    let output = ''
    let timedOut = false
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      // Colours only for a person: the output is also read, and kept in logs.
      env: { ...process.env, ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    })
    const kill = () => killGroup(child.pid)
    const timer = setTimeout(() => {
      timedOut = true
      kill()
    }, options.seconds * 1000)
    options.signal?.addEventListener('abort', kill, { once: true })
    const take = (data: string) => {
      output = (output + data).slice(-kept)
      if (!options.quiet) process.stdout.write(data)
    }
    const done = (code: number | null) => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', kill)
      kill()
      resolve({ code, timedOut, output })
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', (error) => {
      take(`${command} could not be run: ${error.message}\n`)
      done(null)
    })
    // Not `close`: a process that the suite left behind would hold the pipes open, and is killed by `done`.
    child.on('exit', (code) => setImmediate(done, code))
  })
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch (error) {
    // Nobody of the group is left: what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
