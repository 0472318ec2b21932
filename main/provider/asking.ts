import { asBerthError } from '../../shared/errors.ts'
import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import { inspectSandbox } from './inspect.ts'

/** Asking costs one HTTP call; a sandbox that says nothing within this counts as idle. */
const askMs = 2000

export interface Told {
  /** Commands run in it at this moment. */
  readonly running: boolean
  /** Monotonic ms of the last activity that the sandbox itself knows of, rather too early than too late; null: none. */
  readonly at: number | null
}

/**
 * What a sandbox says of its own work, as a client with its direct address may be working in it. Throws where the engine
 * cannot be asked either: then nothing is known.
 */
export async function askSandbox(core: Core, entry: Entry & { sandbox: NonNullable<Entry['sandbox']> }): Promise<Told> {
  if (entry.sandbox.state === 'paused') return { running: false, at: null }
  const { clock, publish } = core.deps
  const { api } = core.clients.of(entry.sandbox)
  try {
    const asked = clock.now()
    const activity = await api.activity(askMs)
    if (activity.running > 0) return { running: true, at: clock.now() }
    return { running: false, at: activity.idleSeconds === null ? null : asked - activity.idleSeconds * 1000 }
  } catch (error) {
    const found = await inspectSandbox(core, entry.sandbox)
    if (found?.ref === entry.sandbox.ref && found.state === 'running') {
      publish({ type: 'berth.problem', who: 'berth:idle', sandbox: entry.id, text: `It did not say what runs in it: ${asBerthError(error).message}` })
    }
    return { running: false, at: null }
  }
}
