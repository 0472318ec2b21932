import { memoryKills, outOfMemory } from './agent-process.ts'
import { OutputBuffer } from './output-buffer.ts'
import { uptimeSeconds } from './process-table.ts'

export type ShellStatus = 'running' | 'completed' | 'no_change_timeout' | 'hard_timeout' | 'terminated'

/** Bytes of output that one command may have in memory. */
const outputLimit = 1024 * 1024

/** One command in a shell session, running or ended. */
export class ShellCommand {
  readonly command: string
  readonly ps1: string
  readonly output = new OutputBuffer(outputLimit)
  /** Seconds after boot, to tell what it started from what ran before. */
  readonly startedAt = uptimeSeconds()
  /** What its shell had running in the background before. */
  readonly before: ReadonlySet<number>
  /** Monotonic milliseconds of the last output, or the start. */
  changedAt = performance.now()
  status: ShellStatus = 'running'
  exitCode: number | null = null
  /** Why it is being stopped: what its status will be. */
  verdict: 'hard_timeout' | 'terminated' | null = null
  /** Its shell has taken it: what is typed or signalled from now on is meant for it. */
  readonly begun: Promise<void>
  readonly begin: () => void
  /** Monotonic milliseconds; null until then. */
  begunAt: number | null = null
  readonly ended: Promise<void>
  readonly #killsBefore = memoryKills()
  readonly #finish: () => void

  constructor(command: string, ps1: string, before: readonly number[]) {
    this.before = new Set(before)
    this.command = command
    this.ps1 = ps1
    const begun = Promise.withResolvers<void>()
    this.begun = begun.promise
    this.begin = () => {
      this.begunAt ??= performance.now()
      begun.resolve()
    }
    const ended = Promise.withResolvers<void>()
    this.ended = ended.promise
    this.#finish = ended.resolve
  }

  get running(): boolean {
    return this.status === 'running'
  }

  push(bytes: Buffer): void {
    this.changedAt = performance.now()
    this.output.push(bytes)
  }

  finish(exitCode: number): void {
    if (!this.running) return
    const lost = outOfMemory(this.#killsBefore)
    if (lost !== null) this.push(Buffer.from(lost))
    this.exitCode = exitCode
    this.status = this.verdict ?? 'completed'
    this.begin()
    this.#finish()
  }

  /** As text with plain line ends: programs that set the terminal up anew get its carriage returns back. */
  text(): string {
    return this.output.all().replaceAll('\r\n', '\n')
  }
}
