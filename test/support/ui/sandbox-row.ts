import type { Sandbox } from '../../../shared/sandbox.ts'
import type { SandboxRow } from '../../../shared/state.ts'

/** The one builder of a sandbox for tests: active, held by nobody; what a test does not say is of no matter to it. `at`: all of its times. */
export function sandboxRow(id: string, thread: string | null, at: string, rest: Partial<SandboxRow> = {}): SandboxRow {
  return {
    id,
    user: 'default',
    thread,
    status: 'active',
    backend: 'docker',
    isolation: 'container',
    image: 'berth-lite:0.4',
    name: `berth-${thread ?? id}`,
    container: 'c',
    holders: [],
    created_at: at,
    last_activity_at: at,
    since: at,
    working: (rest.commands ?? []).length > 0,
    expires_at: null,
    replaced: 0,
    step: null,
    error: null,
    commands: [],
    finished: [],
    terminals: [],
    ...rest,
  }
}

/** The same as a call answers it. */
export function sandboxOf(id: string, thread: string | null, at: string, rest: Partial<Sandbox> = {}): Sandbox {
  const { commands: _commands, finished: _finished, terminals: _terminals, ...sandbox } = sandboxRow(id, thread, at)
  return { ...sandbox, url: null, ...rest }
}
