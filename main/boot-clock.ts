import { readFileSync } from 'node:fs'
import type { Uptime } from './provider/lease-record.ts'

/**
 * Seconds on a clock that no wall jump moves, comparable between processes of one boot. On Linux Node's hrtime is
 * CLOCK_MONOTONIC, which counts from boot and stands still in suspend. null elsewhere: the wall clock has to do.
 */
export function bootClock(): () => Uptime {
  const boot = bootId()
  return () => (boot === null ? null : { boot, seconds: Number(process.hrtime.bigint()) / 1e9 })
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return null // not Linux, or /proc is not there
  }
}
