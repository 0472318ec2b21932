import { useEffectEvent, useMemo, useState, type ReactNode } from 'react'
import { asBerthError } from '../../../shared/errors.ts'
import type { SandboxRow } from '../../../shared/state.ts'
import { useCommand } from '../../frame/commands/use-command.ts'
import { useEndpoint, useSurroundings } from '../../frame/house/contexts.ts'
import { go } from '../../frame/route.ts'
import { useToast } from '../../parts/floats/toasts.ts'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { ShutdownDialog } from '../shutdown/shutdown-dialog.tsx'
import { CreateDialog } from './create-dialog.tsx'
import { ownHolder } from './create.logic.ts'
import { DestroyDialog } from './destroy-dialog.tsx'
import { DeedsContext, type Deeds } from './deeds.ts'
import { ReleaseDialog, type Hold } from './release-dialog.tsx'
import { runAll, type Done } from './run-all.ts'

type Asking = { readonly kind: 'create' } | { readonly kind: 'release' | 'destroy'; readonly rows: readonly SandboxRow[] }

/** Whatever is done with sandboxes, and the questions before it: one for the window, whichever screen is shown. */
export function DeedsHost({ children }: { children: ReactNode }) {
  const endpoint = useEndpoint()
  const { store } = useSurroundings()
  const toast = useToast()
  const format = useFormat()
  const [asking, setAsking] = useState<Asking | null>(null)
  const [shutting, setShutting] = useState<{ readonly open: boolean; readonly n: number } | null>(null)
  const words = sandboxesWords

  function tell({ done, failed, first }: Done, many: (count: string) => string): void {
    if (failed > 0) toast({ status: 'failed', title: words.bulk.not(done, failed, first), stay: true })
    else if (done > 1) toast({ status: 'gone', title: many(format.count(done, 'sandbox', 'sandboxes')) })
  }

  async function releaseHolds(holds: readonly Hold[]): Promise<void> {
    tell(await runAll(holds, ({ row, holder }) => endpoint.call('release', { id: row.id, holder })), words.bulk.released)
  }

  async function destroyAll(rows: readonly SandboxRow[]): Promise<void> {
    tell(await runAll(rows, ({ id, status }) => endpoint.call(status === 'failed' ? 'dismiss' : 'destroy', { id })), words.bulk.destroyed)
  }

  /** A failure that the list shows on its row needs no words of its own. */
  async function acquire(thread: string, user: string, then: (id: string) => void): Promise<void> {
    try {
      const { id } = await endpoint.call('acquire', { thread, user, holder: ownHolder })
      then(id)
    } catch (thrown) {
      const error = asBerthError(thrown)
      const rows = Object.values(store.getState().state?.sandboxes ?? {})
      if (error.code === 'CANCELLED' || rows.some((row) => row.thread === thread && row.user === user && row.status === 'failed')) return
      toast({ status: 'failed', title: `${error.message}.`, detail: error.next, stay: true })
    }
  }

  const release = useEffectEvent((rows: readonly SandboxRow[]) => {
    const held = rows.filter(({ holders }) => holders.length > 0)
    if (held.length === 0) return
    const own = held.every(({ holders, thread }) => thread !== null && holders.every(({ holder }) => holder === ownHolder))
    if (own) void releaseHolds(held.map((row) => ({ row, holder: ownHolder })))
    else setAsking({ kind: 'release', rows: held })
  })
  const destroy = useEffectEvent((rows: readonly SandboxRow[]) => {
    const there = rows.filter(({ status }) => status !== 'stopping')
    if (there.length === 0) return
    // What failed is gone already: its line is forgotten.
    if (there.every(({ status }) => status === 'failed')) void destroyAll(there)
    else setAsking({ kind: 'destroy', rows: there })
  })
  const cancel = useEffectEvent((row: SandboxRow) => void destroyAll([row]))
  const again = useEffectEvent((row: SandboxRow) => { if (row.thread !== null) void acquire(row.thread, row.user, () => undefined) })
  const get = useEffectEvent((thread: string, user: string) => acquire(thread, user, () => undefined))
  const begin = useEffectEvent((thread: string) => void acquire(thread, 'default', (id) => go('sandboxes', id, 'terminal')))
  const shutDown = useEffectEvent(() => setShutting((now) => ({ open: true, n: now?.n ?? 0 })))

  const deeds = useMemo((): Deeds => ({
    terminal: (id) => go('sandboxes', id, 'terminal'),
    logs: (id) => go('sandboxes', id, 'logs'),
    files: (id) => go('sandboxes', id, 'files'),
    open: (id) => go('sandboxes', id, 'overview'),
    release: (rows) => release(rows),
    destroy: (rows) => destroy(rows),
    cancel: (row) => cancel(row),
    again: (row) => again(row),
    acquire: (thread, user) => get(thread, user),
    dismiss: (row) => cancel(row),
    create: () => setAsking({ kind: 'create' }),
    begin: (thread) => begin(thread),
    shutDown: () => shutDown(),
  }), [])

  useCommand({ id: 'new-sandbox', title: words.add, keys: ['n'], icon: 'plus', run: deeds.create })
  useCommand({ id: 'shut-down-all', title: words.shutdown.command, icon: 'power', run: deeds.shutDown })

  const close = () => setAsking(null)
  return (
    <DeedsContext value={deeds}>
      {children}
      {asking?.kind === 'create' ? <CreateDialog onClose={close} /> : null}
      {asking?.kind === 'release' ? <ReleaseDialog rows={asking.rows} onClose={close} onRelease={(holds) => void releaseHolds(holds)} /> : null}
      {asking?.kind === 'destroy' ? <DestroyDialog rows={asking.rows} onClose={close} onDestroy={(rows) => void destroyAll(rows)} /> : null}
      {shutting === null ? null : (
        <ShutdownDialog key={shutting.n} open={shutting.open} onHide={() => setShutting({ ...shutting, open: false })} onShow={deeds.shutDown} onEnd={() => setShutting(null)} />
      )}
    </DeedsContext>
  )
}
