import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../clock.ts'
import type { SandboxSpec } from '../backend.ts'
import { fail } from '../../../shared/errors.ts'
import type { Child } from './child.ts'

/** Longest from spawned to listening, ms. */
const startPatience = 10_000

/** Its port. CANCELLED by the signal, NOT_READY when it takes too long; the child is the caller's to end. */
export async function listening(child: Child, spec: SandboxSpec, signal: AbortSignal, clock: Clock): Promise<number> {
  // Before listening for it: it may have come while the child was being started.
  throwIfAborted(signal, spec)
  let timer: { cancel(): void } | undefined
  let onAbort = () => {}
  try {
    return await Promise.race([
      child.listening,
      new Promise<never>((_, reject) => {
        onAbort = () => reject(cancelled(spec))
        signal.addEventListener('abort', onAbort)
        timer = clock.timer(startPatience, () => {
          const said = child.log.last(5).join(' | ')
          reject(fail('NOT_READY', `The sandbox's server did not listen within ${startPatience / 1000} s: ${said}`, {
            next: 'The machine may be overloaded: try again. `berth doctor` checks the isolation.',
            details: { log: child.log.last(20) },
          }))
        })
      }),
    ])
  } finally {
    timer?.cancel()
    signal.removeEventListener('abort', onAbort)
  }
}

/** MOUNT_MISSING before anything is started. */
export async function checkMounts(spec: SandboxSpec): Promise<void> {
  for (const { source, target } of spec.mounts) {
    try {
      await stat(source)
    } catch (cause) {
      throw fail('MOUNT_MISSING', `${source}, which is to be mounted at ${target}, is not there or cannot be read.`, {
        next: 'Create it, or take the mount out of the configuration.', details: { source, target }, cause,
      })
    }
  }
}

/** Unisolated, nothing can be mounted: the server is told which directories stand for which paths, and commands where the thread's own is. */
export function bareEnvironment(spec: SandboxSpec, home: string, path: string | undefined): Record<string, string> {
  const userData = spec.mounts.find(({ target }) => target === '/mnt/user-data')
  return {
    PATH: path ?? '/usr/local/bin:/usr/bin:/bin',
    BERTH_MOUNTS: JSON.stringify(spec.mounts),
    HOME: home,
    WORKSPACE: userData ? join(userData.source, 'workspace') : home,
  }
}

export function throwIfAborted(signal: AbortSignal, spec: SandboxSpec): void {
  if (signal.aborted) throw cancelled(spec)
}

function cancelled(spec: SandboxSpec): Error {
  return fail('CANCELLED', `The start of ${spec.name} was called off.`, {
    next: 'Acquire again if the sandbox is still wanted.',
  })
}
