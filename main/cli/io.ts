import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import { shownText } from '../../shared/say-next.ts'
import { sizeText } from '../../shared/size.ts'
import type { Log } from '../base/log.ts'
import type { Progress } from '../../shared/sandbox.ts'

/** The process around the command, handed in. */
export interface Io {
  readonly env: NodeJS.ProcessEnv
  readonly stdin: Readable & { isTTY?: boolean }
  readonly stdout: Writable & { isTTY?: boolean }
  readonly stderr: Writable & { isTTY?: boolean; columns?: number }
  /** Calls for SIGINT, SIGTERM and SIGHUP until the returned function is called; the process does not end by itself meanwhile. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void
  /** Ends the process at once. */
  exit(code: number): never
}

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function processIo(): Io {
  return {
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    onSignal(listener) {
      for (const name of endings) process.on(name, listener)
      return () => {
        for (const name of endings) process.off(name, listener)
      }
    },
    exit: (code) => process.exit(code),
  }
}

/** What a shell reports for a process that a signal ended. */
export function signalExit(signal: NodeJS.Signals): number {
  return 128 + ({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as Partial<Record<NodeJS.Signals, number>>)[signal]!
}

/** Writes and waits until it is taken. */
export function write(to: Writable, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => void to.write(data, (error) => (error ? reject(error) : resolve())))
}

/** The log of an engine in this process, on standard error. */
export function logTo(io: Io): Log {
  return (level, text, cause) => {
    const because = cause === undefined ? '' : `: ${cause instanceof Error ? cause.message : String(cause)}`
    const tone = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : 'dim'
    io.stderr.write(`${new Date().toISOString().slice(11, 19)} ${paint(io, 'stderr', tone, level)} ${shownText(`${text}${because}`, '\n')}\n`)
  }
}

/** Shows a long step on standard error: one line that changes on a terminal, one line for each step elsewhere. */
export function progressLine(io: Io): { show(progress: Progress): void; end(): void } {
  let lastStep = ''
  let drawn = false
  return {
    show(given) {
      const progress = { ...given, text: shownText(given.text) }
      if (io.stderr.isTTY) {
        const line = `${progress.text}${amount(progress)}`
        io.stderr.write(`\r\u001B[2K${line.slice(0, (io.stderr.columns ?? 80) - 1)}`)
        drawn = true
      } else if (progress.step !== lastStep) {
        io.stderr.write(`${progress.text}\n`)
      }
      lastStep = progress.step
    },
    end() {
      if (drawn) io.stderr.write('\r\u001B[2K')
      drawn = false
    },
  }
}

function amount({ step, done, total }: Progress): string {
  if (done === null) return ''
  const say = step === 'image-pull' ? byteSize : String
  return total === null ? ` ${say(done)}` : ` ${say(done)} of ${say(total)}`
}

/** A text as it may go to a stream: an agent chose it, and a terminal obeys what it is sent. Into a pipe it goes as it is. */
export function textFor(stream: { readonly isTTY?: boolean }, keep = ''): (text: string) => string {
  return stream.isTTY ? (text) => shownText(text, keep) : (text) => text
}

/** Columns of text, each as wide as its widest cell; the last one is not padded. `shown`: what becomes of each cell. */
export function table(head: readonly string[], raw: readonly (readonly string[])[], shown: (cell: string) => string = shownText): string {
  const rows = raw.map((row) => row.map((cell) => shown(cell)))
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

/** `45 s`, `12 min`, `3 h`, `5 d`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}

/** `512 B`, `1.5 MiB`. */
export function byteSize(bytes: number): string {
  return sizeText(bytes, 100)
}

export type Tone = 'red' | 'yellow' | 'green' | 'dim' | 'bold'

/** Colour on a terminal only, and not where the user does not want it. */
export function paint(io: Io, stream: 'stdout' | 'stderr', tone: Tone, text: string): string {
  return io[stream].isTTY && !io.env['NO_COLOR'] ? styleText(tone, text, { validateStream: false }) : text
}
