import { shownText } from '../../shared/shown-text.ts'
import type { Log } from '../log.ts'
import type { Io } from './io.ts'
import { paint } from './text.ts'

/** The log of an engine in this process, on standard error. */
export function logTo(io: Io): Log {
  return (level, text, cause) => {
    const because = cause === undefined ? '' : `: ${cause instanceof Error ? cause.message : String(cause)}`
    const tone = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : 'dim'
    io.stderr.write(`${new Date().toISOString().slice(11, 19)} ${paint(io, 'stderr', tone, level)} ${shownText(`${text}${because}`, '\n')}\n`)
  }
}
