import { asBerthError, fail } from '../../shared/errors.ts'
import type { Selection } from '../../shared/select.ts'
import type { Found } from '../backends/backend.ts'
import type { SandboxApi } from '../sandbox/sandbox-api.ts'
import { wake } from './alive.ts'
import type { Core } from './core.ts'
import { usable, type Entry } from './entry.ts'
import { abortError } from '../abort-error.ts'
import { inspectSandbox } from './inspect.ts'
import { loseSandbox } from './loss.ts'
import { noSuchSandbox } from './no-such-sandbox.ts'
import { lookedInto, working } from './registry.ts'

/** The entry that a selection names; SANDBOX_NOT_FOUND where there is none. */
export function select(core: Core, selection: Selection): Entry {
  const id = selection.id ?? core.deps.idOf(selection.user, selection.thread ?? '')
  const entry = core.table.get(id)
  if (entry) return entry
  throw noSuchSandbox(selection, core.table.departed(id))
}

/** Runs agent work: it counts as activity while it runs, and fails at once when the container ends. */
export async function useSandbox<T>(
  core: Core,
  selection: Selection,
  work: (api: SandboxApi, signal: AbortSignal, id: string) => Promise<T>,
  { signal, counts = true, wakes = true }: { readonly signal?: AbortSignal | undefined; readonly counts?: boolean | undefined; readonly wakes?: boolean | undefined },
): Promise<T> {
  const entry = await present(core, selection, signal)
  const { id, sandbox } = entry
  const change = (by: 1 | -1) => {
    const now = core.table.get(id)
    if (counts && now?.sandbox?.ref === sandbox.ref) core.save(core.table.set(working(now, by, core.deps.clock.now())))
  }
  if (!wakes && sandbox.state === 'paused') {
    throw fail('SANDBOX_PAUSED', 'The sandbox is paused, and is not woken for a look', { next: 'It has not changed since it was paused; use it to wake it.' })
  }
  if (counts) change(1)
  else if (wakes) lookInto(core, entry)
  try {
    if (sandbox.state === 'paused') await wake(core, entry)
    const client = core.clients.of(sandbox)
    const both = signal ? AbortSignal.any([signal, client.lost]) : client.lost
    return await untilLost(work(client.api, both, id), client.lost)
  } catch (error) {
    throw await explain(core, id, sandbox, error)
  } finally {
    change(-1)
  }
}

/** Noted before it is woken, so that it is not frozen again while somebody still reads. */
export function lookInto(core: Core, { id, sandbox }: Entry & { sandbox: Found }): void {
  const now = core.table.get(id)
  if (now?.sandbox?.ref === sandbox.ref) core.table.set(lookedInto(now, core.deps.clock.now()))
}

/** The selected sandbox, there to be used; one that is being made is waited for. */
export async function present(core: Core, selection: Selection, signal: AbortSignal | undefined): Promise<Entry & { sandbox: Found }> {
  let entry = select(core, selection)
  if (entry.state === 'creating' && core.flights.has(entry.id)) {
    // Joins without holding: the one who started the flight has the hold.
    const { id } = entry
    await core.flights.join(id, { holder: null }, signal, () => Promise.resolve({ path: 'reuse', warnings: [] }))
    entry = select(core, { id, user: entry.user })
  }
  if (!usable(entry)) throw notUsable(entry)
  return entry
}

async function untilLost<T>(work: Promise<T>, lost: AbortSignal): Promise<T> {
  let onLost = (): void => undefined
  const ended = new Promise<never>((_, reject) => {
    onLost = () => reject(abortError(lost))
    if (lost.aborted) onLost()
    else lost.addEventListener('abort', onLost, { once: true })
  })
  try {
    return await Promise.race([work, ended])
  } finally {
    lost.removeEventListener('abort', onLost)
  }
}

function notUsable(entry: Entry): Error {
  if (entry.error) return entry.error
  return fail('SANDBOX_NOT_FOUND', `The sandbox is ${entry.state}`, { next: 'Acquire it again.' })
}

/** A connection breaks a moment before the engine has seen why: it is asked again after these milliseconds. */
const settleMs = [0, 50, 250]

/** A call that found nobody at the address, or a stranger: what does the engine say of the container? */
export async function explain(core: Core, id: string, sandbox: Found, error: unknown): Promise<unknown> {
  const problem = asBerthError(error)
  if (problem.code !== 'SANDBOX_UNREACHABLE' && problem.code !== 'SANDBOX_REFUSED') return error
  for (const pause of settleMs) {
    await core.deps.clock.sleep(pause)
    const found = await inspectSandbox(core, sandbox).catch(() => undefined) // unknown: the first error stands
    const entry = core.table.get(id)
    // Whoever noticed its end meanwhile has said why.
    if (entry?.sandbox?.ref !== sandbox.ref || !usable(entry)) return entry?.error ?? problem
    if (found === undefined) return problem
    const gone = found === null || found.ref !== sandbox.ref || found.state === 'exited'
    if (gone || problem.code === 'SANDBOX_REFUSED') return loseSandbox(core, entry, gone ? 'its container ended' : 'another program answers at its address')
  }
  return problem
}
