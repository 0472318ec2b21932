import type { CallRecord } from '../../shared/topics/house-topics.ts'

export type CallFilter = 'all' | 'refused' | 'slow'

/** A call that took this many milliseconds is worth a look; those that wait on purpose are not counted. */
const slowMs = 1000
/** They last as long as what they run or follow. */
const lasting = new Set(['exec', 'logs', 'events', 'acquire'])

export const isRefused = (call: CallRecord): boolean => call.error !== null
export const isSlow = (call: CallRecord): boolean => call.error === null && call.ms >= slowMs && !lasting.has(call.call)

export function filtered(calls: readonly CallRecord[], filter: CallFilter): readonly CallRecord[] {
  if (filter === 'refused') return calls.filter(isRefused)
  if (filter === 'slow') return calls.filter(isSlow)
  return calls
}

/** The newest `kept` calls, newest first, after a batch came. */
export function withBatch(before: readonly CallRecord[], batch: readonly CallRecord[], kept: number): readonly CallRecord[] {
  return [...batch].reverse().concat(before).slice(0, kept)
}

/** Of the calls of the last hour: how many, and the middle of their times. */
export function lastHour(calls: readonly CallRecord[], now: number): { count: number; median: number | null } {
  const recent = calls.filter((call) => now - Date.parse(call.at) <= 3_600_000)
  const times = recent
    .filter((call) => call.error === null)
    .map((call) => call.ms)
    .sort((a, b) => a - b)
  return { count: recent.length, median: times.length === 0 ? null : (times[Math.floor((times.length - 1) / 2)] ?? null) }
}
