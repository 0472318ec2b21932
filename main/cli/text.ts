import { styleText } from 'node:util'
import { shownText } from '../../shared/shown-text.ts'
import type { Io } from './io.ts'

/** A text as it may go to a stream: an agent chose it, and a terminal obeys what it is sent. Into a pipe it goes as it is. */
export function textFor(stream: { readonly isTTY?: boolean }, keep = ''): (text: string) => string {
  return stream.isTTY ? (text) => shownText(text, keep) : (text) => text
}

/** Columns of text, each as wide as its widest cell; the last one is not padded. `shown`: what becomes of each cell. */
export function table(head: readonly string[], raw: readonly (readonly string[])[], shown: (cell: string) => string = shownText): string {
  const rows = raw.map((row) => row.map((cell) => shown(cell)))
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  return [head, ...rows]
    .map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ').trimEnd())
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
  let size = bytes
  let unit = 0
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`
}

export type Tone = 'red' | 'yellow' | 'green' | 'dim' | 'bold'

/** Colour on a terminal only, and not where the user does not want it. */
export function paint(io: Io, stream: 'stdout' | 'stderr', tone: Tone, text: string): string {
  return io[stream].isTTY && !io.env['NO_COLOR'] ? styleText(tone, text, { validateStream: false }) : text
}
