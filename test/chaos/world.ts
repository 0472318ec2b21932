import { availableParallelism, loadavg } from 'node:os'
import type { ChaosBackend } from './phases.ts'

/** Numbers of one run's world. */
export const threads = ['ada', 'bob', 'cyd', 'dan', 'eve', 'fay'] as const
export const holders = ['left', 'right'] as const
/** The thread whose container's name a stranger has. */
export const takenThread = 'taken'
export const replicas = 4
/** Slots that wait: few enough for some to start cold, and a number that can be counted. */
export const spares = 1
/** No lock, of the home or of a thread, may hold longer, on a machine that has time for us. Seconds. */
const lockSeconds = 15

/** By how much everything takes longer now than on a quiet machine: work that waits for a core. */
export const slowness = (): number => Math.max(1, (loadavg()[0] ?? 1) / availableParallelism())

/** The same on this machine, now. */
export const lockLimit = (): number => lockSeconds * slowness()

export function configText(backend: ChaosBackend, prefix: string): string {
  return [
    `backend: ${backend}`,
    'on_exit: keep',
    'stop_grace: 1',
    `spares: ${spares}`,
    'sandbox:',
    `  container_prefix: ${prefix}`,
    `  replicas: ${replicas}`,
    '',
  ].join('\n')
}
