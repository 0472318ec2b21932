import type { ChaosBackend } from './phases.ts'

/** Numbers of one run's world. */
export const threads = ['ada', 'bob', 'cyd', 'dan', 'eve', 'fay'] as const
export const holders = ['left', 'right'] as const
/** The thread whose container's name a stranger has. */
export const takenThread = 'taken'
export const replicas = 4
/** Slots that wait: the default. */
export const spares = 1
/** No lock, of the home or of a thread, may hold longer: the issue's own number, in seconds. */
export const lockSeconds = 15

export function configText(backend: ChaosBackend, prefix: string): string {
  return [
    `backend: ${backend}`,
    'on_exit: keep',
    'stop_grace: 1',
    'sandbox:',
    `  container_prefix: ${prefix}`,
    `  replicas: ${replicas}`,
    '',
  ].join('\n')
}
