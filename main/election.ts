import type { Clock } from './clock.ts'
import { BerthError, fail } from '../shared/errors.ts'
import { readBridgeFile } from './bridge/bridge-file.ts'
import { type AnsweringEngine, whoAnswers } from './bridge/who-answers.ts'
import type { FileLocks, HeldLock } from './home/file-lock.ts'

/** Where the disk has no room for a lock: the port alone decides, and the engine that makes room again gets to start. */
const portAlone: HeldLock = { broken: new AbortController().signal, release: () => Promise.resolve() }

/** Long enough for another process's whole start, with a full disk check and a slow machine. */
const patienceMs = 60_000

export type Elected =
  /** This process is to be the home's engine, for as long as it holds the lock. */
  | { readonly role: 'engine'; readonly lock: HeldLock }
  | ({ readonly role: 'guest' } & AnsweringEngine)

/**
 * Who is the engine of a home: whoever holds its lock and answers at the address in bridge.json. Checked by a call, not by
 * the file's existence. That two never serve one home is held by the port they would both have to open.
 */
export async function elect(deps: { locks: FileLocks; bridgeFile: string; token: string; home: string; clock: Clock; signal?: AbortSignal | undefined }): Promise<Elected> {
  const began = deps.clock.now()
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 250)) {
    const answering = await findEngine(deps)
    if (answering) return answering
    const lock = await deps.locks.tryTake('engine').catch((error: unknown) => {
      if (error instanceof BerthError && error.code === 'DISK_FULL') return portAlone
      throw error
    })
    if (lock) {
      // The one before us may have finished its start between our question and our lock.
      const late = await findEngine(deps)
      if (!late) return { role: 'engine', lock }
      await lock.release()
      return late
    }
    if (deps.clock.now() - began > patienceMs) {
      throw fail('HOME_IN_USE', 'Another Berth process has this home but does not answer', {
        next: 'Run `berth doctor`; end that process, or choose another home with BERTH_HOME.',
      })
    }
    await deps.clock.sleep(pause, deps.signal)
  }
}

/** The engine that answers for this home, or null. */
export async function findEngine({ bridgeFile, token, home }: { bridgeFile: string; token: string; home: string }): Promise<(Elected & { role: 'guest' }) | null> {
  const { value } = await readBridgeFile(bridgeFile)
  if (!value || value.pid === null) return null
  const there = await whoAnswers(value.url, { token, home })
  return there.who === 'ours' ? { role: 'guest', url: value.url, pid: value.pid, health: there.health } : null
}
