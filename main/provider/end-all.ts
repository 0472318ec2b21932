import { asBerthError, fail, type BerthError } from '../../shared/errors.ts'
import type { Core } from './core.ts'
import { endSandbox } from './ending.ts'
import type { Entry } from './entry.ts'
import type { ShutdownReport } from './provider-api.ts'
import type { NotEnded } from './slots-api.ts'

/** Beyond stop_grace, how long a shutdown waits for the engine before it reports what is left. */
const slackMs = 20_000

/** Ends what `which` picks, in parallel and bounded. Whatever is being made ends first, with `reason`. */
export async function endAll(core: Core, reason: BerthError, who: string, which: (entry: Entry) => boolean): Promise<ShutdownReport> {
  await core.flights.abortAll(reason)
  const destroyed: string[] = []
  const failed: NotEnded[] = []
  const grace = core.deps.config().stop_grace
  const late = new AbortController()
  const deadline = core.deps.clock.timer(grace * 1000 + slackMs, () => late.abort())
  const end = async (entry: Entry) => {
    if (entry.state === 'failed') return core.table.drop(entry.id, { who, text: 'Berth shut down' })
    const ending = endSandbox(core, entry, { who, text: 'Berth shut down', grace })
    try {
      await Promise.race([ending.first, aborted(late.signal)])
      destroyed.push(entry.id)
    } catch (error) {
      failed.push({ id: entry.id, error: asBerthError(error).message })
    }
  }
  const [spares] = await Promise.all([
    core.slots?.shut({ final: false }), ...core.table.all().filter(which).map(end), ...core.strays.values(), ...core.staleSpares.values(),
  ])
  deadline.cancel()
  failed.push(...(spares ?? []), ...leftOver(core))
  await core.deps.leases.flush()
  return { destroyed, failed }
}

/** Containers of ours that nobody has, and that could not be removed. */
function leftOver(core: Core): NotEnded[] {
  const refs = [...core.strays.keys(), ...core.staleSpares.keys()]
  return refs.map((ref) => ({ id: ref.slice(0, 12), error: 'It is left from an earlier Berth, and could not be removed' }))
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const late = () => reject(fail('TIMEOUT', 'The engine did not say in time that it is gone', { next: 'Berth removes what is left at its next start.' }))
    if (signal.aborted) late()
    else signal.addEventListener('abort', late, { once: true })
  })
}
