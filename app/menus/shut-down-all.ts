import { toErrorData } from '../../shared/errors.ts'
import type { HouseState } from '../../shared/state.ts'
import type { Endpoint } from '../../shared/wire/endpoint.ts'
import type { Desk, Dialogs } from '../system/system.ts'
import { stakesOf } from '../boot/quitting.ts'

export interface ShutDownDeps {
  readonly dialogs: Dialogs
  readonly desk: Desk
  endpoint(): Endpoint
  state(): HouseState | null
  /** How many are still there, while it lasts; null: it is over. */
  progress(left: number | null): void
  show(): void
}

/** Ends every sandbox; the engine goes on. Asks where somebody works in one, and says how it went. */
export async function shutDownAll(deps: ShutDownDeps): Promise<void> {
  const state = deps.state()
  const count = Object.keys(state?.sandboxes ?? {}).length
  if (!state || count === 0) return
  const { held, commands, terminals } = stakesOf(state, { here: true, tray: true })
  if (held + commands + terminals > 0) {
    const answer = await deps.dialogs.ask({
      kind: 'warning',
      message: `Shut down all ${count} ${count === 1 ? 'sandbox' : 'sandboxes'}?`,
      detail: `${held} in use, ${commands} ${commands === 1 ? 'command runs' : 'commands run'}, ${terminals} ${terminals === 1 ? 'terminal' : 'terminals'} open. What runs in them ends; files in workspace, uploads and outputs stay.`,
      buttons: ['Shut down', 'Cancel'],
      yes: 0,
      no: 1,
    })
    if (answer !== 0) return
  }
  deps.progress(count)
  try {
    const { destroyed, failed } = await deps.endpoint().call('shutdown', { keep_host: true })
    deps.desk.notify(
      failed.length === 0
        ? { title: 'All sandboxes are shut down', body: `${destroyed.length} ended. Files stay.` }
        : { title: `${failed.length} of ${destroyed.length + failed.length} sandboxes did not end`, body: failed[0]?.error ?? '' },
      deps.show,
    )
  } catch (thrown) {
    const error = toErrorData(thrown)
    deps.desk.notify({ title: 'Not everything could be shut down', body: `${error.message}. ${error.next}` }, deps.show)
  } finally {
    deps.progress(null)
  }
}
