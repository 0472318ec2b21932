import type { CallResult } from '../../shared/contract.ts'
import type { EngineLink } from '../engine/link.ts'
import type { KeepRunning } from '../window/close-plan.ts'

/** `ui.keep_running` in force, from the engine; the last known while it is away. */
export function keepRunning(link: EngineLink): { current(): KeepRunning; refresh(): void } {
  let value: KeepRunning = 'auto'
  function refresh(): void {
    const now = link.current()
    if (now.state !== 'open') return
    // An engine that goes meanwhile leaves what was known.
    now.engine.endpoint.call('config', {}).then(({ values }) => {
      value = valueIn(values)
    }, () => undefined)
  }
  link.onChange(refresh)
  refresh()
  return { current: () => value, refresh }
}

function valueIn(values: CallResult<'config'>['values']): KeepRunning {
  const found = values.find(({ key }) => key === 'ui.keep_running')?.value
  return found === 'on' || found === 'off' ? found : 'auto'
}
