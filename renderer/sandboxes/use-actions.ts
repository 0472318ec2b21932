import { useMemo } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import type { SandboxRow } from '../../shared/state.ts'
import type { Endpoint } from '../../shared/wire/endpoint.ts'
import { go } from '../frame/route.ts'
import { useEndpoint, useNative } from '../frame/house/contexts.ts'
import { type ShowToast, useToast } from '../parts/floats/toasts.ts'
import { sandboxesWords as words } from '../words/sandboxes.ts'

/** What is done to sandboxes from any screen. What the list shows by itself is not told twice; what failed is. */
export interface Actions {
  /** Ends every hold of each. */
  release(sandboxes: readonly SandboxRow[]): Promise<void>
  destroy(sandboxes: readonly SandboxRow[]): Promise<void>
  dismiss(sandbox: SandboxRow): Promise<void>
  acquire(thread: string, user: string): Promise<boolean>
  cancel(sandbox: SandboxRow): Promise<void>
  openTerminal(sandbox: SandboxRow): void
}

export const nameOf = (sandbox: Pick<SandboxRow, 'thread' | 'id'>): string => sandbox.thread ?? `${words.anonymous} ${sandbox.id.slice(0, 6)}`

/** What a person at a screen holds a sandbox as. */
const holder = 'desktop'

export function useActions(): Actions {
  const endpoint = useEndpoint()
  const toast = useToast()
  return useMemo(() => actionsOf(endpoint, toast), [endpoint, toast])
}

function actionsOf(endpoint: Endpoint, toast: ShowToast): Actions {
  /** Each by itself: one that fails keeps none of the others from it. One word for all of them. */
  async function each(sandboxes: readonly SandboxRow[], done: (what: string) => string, work: (sandbox: SandboxRow) => Promise<unknown>): Promise<void> {
    const results = await Promise.allSettled(sandboxes.map(work))
    const problems = results.flatMap((result) => (result.status === 'rejected' ? [asBerthError(result.reason)] : []))
    const well = sandboxes.length - problems.length
    const [problem] = problems
    if (problem) toast({ title: sandboxes.length > 1 ? words.done.failed(String(problems.length)) : problem.message, detail: sandboxes.length > 1 ? problem.message : problem.next, status: 'failed', stay: true })
    else if (sandboxes.length > 1) toast({ title: done(String(well)) })
  }

  return {
    release: (sandboxes) =>
      each(sandboxes, words.done.released, ({ id, holders }) => Promise.all(holders.map((hold) => endpoint.call('release', { id, holder: hold.holder })))),
    destroy: (sandboxes) => each(sandboxes, words.done.destroyed, ({ id }) => endpoint.call('destroy', { id })),
    dismiss: (sandbox) => each([sandbox], words.done.destroyed, ({ id }) => endpoint.call('dismiss', { id })),
    cancel: (sandbox) => each([sandbox], words.done.destroyed, ({ id }) => endpoint.call('destroy', { id })),
    async acquire(thread, user) {
      try {
        await endpoint.call('acquire', { thread, user, holder })
        return true
      } catch (thrown) {
        const error = asBerthError(thrown)
        // A failed one stands in the list with its words.
        if (!['START_FAILED', 'NOT_READY'].includes(error.code)) toast({ title: error.message, detail: error.next, status: 'failed', stay: true })
        return false
      }
    },
    openTerminal: (sandbox) => go('sandboxes', sandbox.id, 'terminal'),
  }
}

/** The same from a shell. */
export function useCopyExec(): (sandbox: SandboxRow) => Promise<void> {
  const native = useNative()
  return ({ thread, user, id }) =>
    native.copy(`berth exec ${thread === null ? id : `--thread ${thread}${user === 'default' ? '' : ` --user ${user}`}`} -- bash -lc 'ls -la'`)
}
