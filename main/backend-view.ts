import type { House } from '../shared/state.ts'
import { asBerthError } from '../shared/errors.ts'
import type { Backend } from './backends/backend.ts'
import type { Choice } from './choose-backend.ts'
import type { Sources } from './live/sources.ts'

/** The backend as screens show it: asked once, then told by its own event stream. */
export function backendView(deps: { choice: Choice; backend: Backend }): Sources['backend'] {
  const { choice, backend } = deps
  const listeners = new Set<() => void>()
  let facts: Pick<House['backend'], 'reachable' | 'engine' | 'problem'> = { reachable: true, engine: null, problem: null }
  const changed = () => {
    for (const listener of listeners) listener()
  }
  void backend.facts().then(
    ({ name, version }) => {
      facts = { reachable: true, engine: `${name} ${version}`, problem: null }
      changed()
    },
    (error: unknown) => {
      facts = { reachable: false, engine: null, problem: asBerthError(error).message }
      changed()
    },
  )
  return {
    state: () => ({ ...choice, isolation: backend.isolation, ...facts, fixes: [], better: null }),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
