import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import { killAfter, signal, signalSession, signalNumber } from './kill.ts'
import { loopAgain, shellInit } from './shell-init.ts'
import { spawnBash } from './tty.ts'

/** Milliseconds for bash and its .bashrc to get ready. */
const readyWithin = 10_000
/** After a report: how long its marker may take through a terminal that is stopped or full. */
const markerWithin = 300
const drainFor = 60

export interface ShellEvents {
  readonly output: (bytes: Buffer) => void
  /** A command has ended and all of its output has been given. */
  readonly ended: (status: number, cwd: string) => void
  /** Bash itself has ended (`exit`, `exec`, a kill); `ended` is not called for what ran then. */
  readonly exited: (status: number) => void
}

/** One bash that takes commands one after another. */
export class ShellProcess {
  /** Of bash itself; known when it is ready. */
  pid = 0
  readonly #child: ChildProcess
  readonly #events: ShellEvents
  readonly #marker: Buffer
  readonly #ready = Promise.withResolvers<void>()
  #held: Buffer = Buffer.alloc(0)
  #control = ''
  #reports = 0
  #markers = 0
  #report: { status: number; cwd: string } | null = null
  #timer: NodeJS.Timeout | null = null
  #alive = true

  private constructor(child: ChildProcess, marker: string, events: ShellEvents) {
    this.#child = child
    this.#marker = Buffer.from(marker)
    this.#events = events
  }

  /** Resolves when bash waits for its first command. */
  static async start(
    options: { cwd: string; env: Readonly<Record<string, string>>; tty: boolean; rc: boolean }, events: ShellEvents,
  ): Promise<ShellProcess> {
    const marker = `\x1e${randomBytes(9).toString('hex')}\x1e`
    const env = {
      ...options.env,
      PROMPT_COMMAND: 'eval "$BERTH_SHELL_INIT"',
      BERTH_SHELL_INIT: shellInit(marker, options.rc),
      // A pager would wait for a key, colours and cursor movements mean nothing to who reads the output as text.
      TERM: 'dumb', PAGER: 'cat', GIT_PAGER: 'cat', MANPAGER: 'cat',
    }
    const child = spawnBash({ args: ['--noprofile', '--norc', '-i'], cwd: options.cwd, env, tty: options.tty })
    const shell = new ShellProcess(child, marker, events)
    shell.#listen()
    const timer = setTimeout(() => shell.#ready.reject(new Error('bash did not get ready in time')), readyWithin)
    try {
      await shell.#ready.promise
      return shell
    } catch (error) {
      shell.destroy()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  get alive(): boolean {
    return this.#alive
  }

  run(command: string): void {
    this.#commands.write(`${command}\0`)
  }

  /** To the terminal, as if typed. */
  type(input: string): void {
    this.#child.stdin?.write(input)
  }

  /** Ends bash and everything in its session. */
  destroy(): void {
    const leader = this.pid || (this.#child.pid ?? 0)
    const outer = this.#child.pid
    if (leader === 0 || !this.#alive) return
    signalSession(leader, 'SIGHUP')
    signalSession(leader, 'SIGTERM')
    setTimeout(() => {
      signalSession(leader, 'SIGKILL')
      if (outer !== undefined && this.#alive) signal(-outer, 'SIGKILL')
    }, killAfter)
  }

  /** At once, without asking. */
  kill(): void {
    if (this.pid) signalSession(this.pid, 'SIGKILL')
    else if (this.#child.pid !== undefined) signal(-this.#child.pid, 'SIGKILL')
  }

  get #commands(): Writable {
    return this.#child.stdio[3] as Writable
  }

  #listen(): void {
    const { stdin, stdout, stderr, stdio } = this.#child
    // Writing to a shell that has just ended fails; its end is what is reported.
    for (const each of [stdin, this.#commands]) each?.on('error', () => each.destroy())
    for (const each of [stdout, stderr]) {
      each?.on('data', (chunk: Buffer) => this.#output(chunk))
      each?.on('error', () => each.destroy())
    }
    const control = stdio[4] as Readable
    control.setEncoding('utf8')
    control.on('data', (chunk: string) => this.#reported(chunk))
    control.on('error', () => control.destroy())
    this.#child.once('error', (error) => this.#gone(127, error))
    this.#child.once('exit', (code, name) => void this.#drain().then(() => this.#gone(code ?? 128 + signalNumber(name), null)))
  }

  #gone(status: number, error: Error | null): void {
    if (!this.#alive) return
    this.#alive = false
    if (this.#timer) clearTimeout(this.#timer)
    if (this.#held.length > 0 && this.#reports > 0) this.#events.output(this.#held)
    for (const each of this.#child.stdio) each?.destroy()
    this.#ready.reject(error ?? new Error(`bash ended with ${status} before it was ready`))
    if (this.#reports > 0) this.#events.exited(status)
  }

  #reported(chunk: string): void {
    const parts = (this.#control + chunk).split('\0')
    this.#control = parts.pop() ?? ''
    for (const part of parts) {
      if (part === 'R') {
        this.type(loopAgain)
        continue
      }
      const [, status, pid, cwd] = /^E (\d+) (\d+) ([^]*)$/.exec(part) ?? []
      if (status === undefined || cwd === undefined) continue
      this.pid = Number(pid)
      this.#reports += 1
      this.#report = { status: Number(status), cwd }
      this.#settle(false)
    }
  }

  /** Passes output on without the markers; the start of what may become one is held back until the rest comes. */
  #output(chunk: Buffer): void {
    let bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk
    for (let at = bytes.indexOf(this.#marker); at >= 0; at = bytes.indexOf(this.#marker)) {
      this.#give(bytes.subarray(0, at))
      bytes = bytes.subarray(at + this.#marker.length)
      this.#markers += 1
      this.#settle(false)
    }
    const start = bytes.lastIndexOf(0x1e)
    const partial = start >= 0 && bytes.length - start < this.#marker.length && this.#marker.subarray(0, bytes.length - start).equals(bytes.subarray(start))
    this.#held = partial ? Buffer.from(bytes.subarray(start)) : Buffer.alloc(0)
    this.#give(partial ? bytes.subarray(0, start) : bytes)
  }

  #give(bytes: Buffer): void {
    // What .bashrc says belongs to no command.
    if (bytes.length > 0 && this.#markers > 0) this.#events.output(bytes)
  }

  /** A command has ended when its report and its marker are there, in whichever order. */
  #settle(late: boolean): void {
    const report = this.#report
    if (!report) return
    if (this.#markers < this.#reports && !late) {
      this.#timer ??= setTimeout(() => {
        this.#timer = null
        this.#settle(true)
      }, markerWithin)
      return
    }
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#report = null
    this.#markers = Math.max(this.#markers, this.#reports)
    if (this.#reports === 1) this.#ready.resolve()
    else this.#events.ended(report.status, report.cwd)
  }

  /** Without a terminal a child in the background may hold the pipe; what is in it now is all there is. */
  async #drain(): Promise<void> {
    const stdout = this.#child.stdout
    const until = performance.now() + drainFor
    while (stdout && !stdout.readableEnded && !stdout.destroyed && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 3))
    }
  }
}
