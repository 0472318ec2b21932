import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { timerMs } from '../../shared/timer.ts'
import { argumentLimit, memoryKills, outOfMemory, spawnFault, spawnForAgent } from './agent-process.ts'
import { drained, OutputBuffer } from './output-buffer.ts'
import { killAfter, signalNumber, signalSession } from './process-table.ts'
import { longScript } from './long-command.ts'
import { type Pipe, type Pipes, reader, release, writer } from './pipes.ts'

export type BashStatus = 'pending' | 'running' | 'completed' | 'timed_out' | 'killed'

/** Bytes of each stream that one command may have in memory. */
const streamLimit = 512 * 1024
/** Sync calls that ask for uncut output get more, still bounded. */
const uncutLimit = 4 * 1024 * 1024
/** Unread bytes at which a stream that somebody follows waits for its reader; the rest of the buffer holds what is under way. */
const paceLimit = 192 * 1024
/** Milliseconds after which a follower that has stopped asking no longer holds the command up. */
const paceFor = 5000
export interface BashStart {
  readonly id: string
  readonly command: string
  readonly cwd: string
  /** What its caller is told before anything that it says itself. */
  readonly note?: string | null
  readonly env: Readonly<Record<string, string>>
  /** Whether somebody can write to it; otherwise it reads from /dev/null, so that `cat` or `rg` do not wait for ever. */
  readonly input: boolean
  /** Whether its output is fetched piece by piece from the beginning. */
  readonly followed: boolean
  readonly uncut: boolean
  /** Seconds. */
  readonly hardTimeout: number | undefined
}

/** One command in a process group of its own, its streams apart. */
export class BashCommand {
  readonly id: string
  readonly command: string
  readonly stdout: OutputBuffer
  readonly stderr: OutputBuffer
  status: BashStatus = 'running'
  exitCode: number | null = null
  /** Monotonic milliseconds. */
  endedAt: number | null = null
  readonly ended: Promise<void>

  readonly #child: ChildProcess
  readonly #streams: Readable[] = []
  #stdin: Writable | null = null
  #waiting = new Set<() => void>()
  #verdict: 'timed_out' | 'killed' | null = null
  #timers: NodeJS.Timeout[] = []
  #read = { stdout: 0, stderr: 0 }
  #followedUntil: number
  readonly #killsBefore = memoryKills()
  readonly #finish: () => void

  private constructor(start: BashStart, child: ChildProcess) {
    this.id = start.id
    this.command = start.command
    this.#child = child
    this.stdout = new OutputBuffer(start.uncut ? uncutLimit : streamLimit)
    this.stderr = new OutputBuffer(start.uncut ? uncutLimit : streamLimit)
    if (start.note) this.stderr.push(Buffer.from(start.note))
    this.#followedUntil = start.followed ? performance.now() + paceFor : 0
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#finish = resolve
    if (start.hardTimeout !== undefined) this.#timers.push(setTimeout(() => this.#stop('timed_out', 'SIGTERM'), timerMs(start.hardTimeout * 1000)))
  }

  /** Resolves when the process runs; rejects with a RequestError when it cannot be started (no such directory, no memory). */
  static async start(start: BashStart, pool: Pipes): Promise<BashCommand> {
    const script = Buffer.byteLength(start.command) < argumentLimit ? null : await longScript(start.command)
    const pipes = await pool.take(start.input ? 3 : 2)
    const [out, err, input] = pipes ?? []
    let child: ChildProcess
    try {
      child = spawnForAgent('bash', ['-c', script === null ? start.command : script.line], {
        cwd: start.cwd,
        env: start.env,
        detached: true,
        stdio: [start.input ? (input?.read ?? 'pipe') : 'ignore', out?.write ?? 'pipe', err?.write ?? 'pipe', ...(script === null ? [] : [script.descriptor])],
      })
    } catch (cause) {
      for (const pipe of pipes ?? []) release(pipe)
      throw spawnFault(cause, start.env)
    } finally {
      script?.close()
    }
    const command = new BashCommand(start, child)
    command.#stdin = input ? writer(input) : child.stdin
    // The command may have ended: EPIPE is its business, the writer is told by `write`.
    command.#stdin?.on('error', () => command.#stdin?.destroy())
    command.#follow('stdout', out, child.stdout)
    command.#follow('stderr', err, child.stderr)
    try {
      await started(child)
    } catch (cause) {
      command.#release()
      for (const each of [...command.#streams, command.#stdin]) each?.destroy()
      throw spawnFault(cause, start.env)
    }
    child.once('exit', (code, name) => void command.#exited(code, name))
    return command
  }

  get running(): boolean {
    return this.status === 'running'
  }

  /** Bytes in memory. */
  get held(): number {
    return this.stdout.held + this.stderr.held
  }

  /** Gives the memory of its output back. */
  forget(): void {
    this.stdout.clear()
    this.stderr.clear()
  }

  /** False when it reads nothing (any more). */
  write(input: string): boolean {
    if (!this.running || !this.#stdin || this.#stdin.destroyed) return false
    this.#stdin.write(input)
    return true
  }

  /** No more input comes. */
  endInput(): void {
    this.#stdin?.end()
  }

  kill(name: NodeJS.Signals): void {
    if (name === 'SIGTERM' || name === 'SIGKILL') this.#stop('killed', name)
    else {
      this.#verdict ??= 'killed'
      signalSession(this.#pid, name)
    }
  }

  /** Tells how far the output has been fetched, so that a stream that waits for its reader goes on. */
  fetched(stdout: number, stderr: number): void {
    this.#followedUntil = performance.now() + paceFor
    this.#read = { stdout, stderr }
    for (const each of this.#streams) each.resume()
  }

  /** Resolves at the next output, at the end, or after `ms`. */
  async changed(ms: number): Promise<void> {
    if (!this.running) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timerMs(ms))
    this.#waiting.add(resolve)
    await promise
    clearTimeout(timer)
    this.#waiting.delete(resolve)
  }

  get #pid(): number {
    return this.#child.pid ?? 0
  }

  #stop(verdict: 'timed_out' | 'killed', name: NodeJS.Signals): void {
    if (!this.running) return
    this.#verdict ??= verdict
    signalSession(this.#pid, name)
    // Even when the leader has gone by then: a child that ignores SIGTERM belongs to the same session.
    if (name !== 'SIGKILL') setTimeout(() => signalSession(this.#pid, 'SIGKILL'), killAfter)
  }

  #follow(name: 'stdout' | 'stderr', pipe: Pipe | undefined, plain: Readable | null): void {
    const buffer = this[name]
    const take = (chunk: Buffer): void => {
      buffer.push(chunk)
      this.#wake()
      if (this.running && buffer.total - this.#read[name] > paceLimit) this.#pace(stream)
    }
    const stream: Readable | null = pipe ? reader(pipe, take) : plain
    if (!stream) return
    this.#streams.push(stream)
    if (pipe) return
    stream.on('data', take)
    stream.on('error', () => stream.destroy())
  }

  #pace(stream: Readable | null): void {
    const left = this.#followedUntil - performance.now()
    if (left <= 0 || !stream) return
    stream.pause()
    this.#timers.push(setTimeout(() => this.#unpace(stream), left))
  }

  #unpace(stream: Readable): void {
    const left = this.#followedUntil - performance.now()
    if (left > 0 && stream.isPaused()) this.#timers.push(setTimeout(() => this.#unpace(stream), left))
    else stream.resume()
  }

  async #exited(code: number | null, name: NodeJS.Signals | null): Promise<void> {
    this.#followedUntil = 0
    await drained(this.#streams, () => this.stdout.total + this.stderr.total)
    const lost = outOfMemory(this.#killsBefore)
    if (lost !== null) this.stderr.push(Buffer.from(lost))
    this.exitCode = code ?? 128 + signalNumber(name)
    this.status = this.#verdict ?? 'completed'
    this.endedAt = performance.now()
    this.#release()
    this.#stdin?.destroy()
    this.#wake()
    this.#finish()
  }

  #wake(): void {
    for (const each of this.#waiting) each()
  }

  #release(): void {
    for (const each of this.#timers) clearTimeout(each)
    this.#timers = []
  }
}

function started(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined) return Promise.resolve()
  return new Promise((_resolve, reject) => child.once('error', reject))
}
