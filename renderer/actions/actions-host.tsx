import { type ReactNode, useEffectEvent, useMemo, useState } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import type { SandboxRow } from '../../shared/state.ts'
import { useCommand } from '../commands/command.ts'
import { useEndpoint, useHouse, useNow, useSurroundings } from '../state/contexts.ts'
import { go } from '../state/page-address.ts'
import { useToast } from '../parts/toasts.ts'
import { useFormat } from '../words/format.ts'
import { sandboxesWords } from '../words/sandboxes.ts'
import { ShutdownDialog } from './shutdown-dialog.tsx'
import { CreateDialog } from './create-dialog.tsx'
import { ownHolder } from './create.logic.ts'
import { type SandboxActions, SandboxActionsContext, type Done, namesOf, runAll, shortName, useLiveRows } from './actions.ts'
import { Button } from '../parts/buttons.tsx'
import { Dialog } from '../parts/overlays.tsx'
import { nameOf } from '../state/rows.logic.ts'
import { lossOf } from './loss.logic.ts'
import { Check } from '../parts/fields.tsx'
import { holderName } from '../words/who.ts'

type Asking = { readonly kind: 'create' } | { readonly kind: 'release' | 'destroy'; readonly rows: readonly SandboxRow[] }

/** Whatever is done with sandboxes, and the questions before it: one for the window, whichever screen is shown. */
export function ActionsHost({ children }: { children: ReactNode }) {
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
  const again = useEffectEvent((row: SandboxRow) => {
    if (row.thread !== null) void acquire(row.thread, row.user, () => undefined)
  })
  const get = useEffectEvent((thread: string, user: string) => acquire(thread, user, () => undefined))
  const begin = useEffectEvent((thread: string) => void acquire(thread, 'default', (id) => go('sandboxes', id, 'terminal')))
  const shutDown = useEffectEvent(() => setShutting((now) => ({ open: true, n: now?.n ?? 0 })))

  const actions = useMemo(
    (): SandboxActions => ({
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
    }),
    [],
  )

  useCommand({ id: 'new-sandbox', title: words.add, keys: ['n'], icon: 'plus', run: actions.create })
  useCommand({ id: 'shut-down-all', title: words.shutdown.command, icon: 'power', run: actions.shutDown })

  const close = () => setAsking(null)
  return (
    <SandboxActionsContext value={actions}>
      {children}
      {asking?.kind === 'create' ? <CreateDialog onClose={close} /> : null}
      {asking?.kind === 'release' ? <ReleaseDialog rows={asking.rows} onClose={close} onRelease={(holds) => void releaseHolds(holds)} /> : null}
      {asking?.kind === 'destroy' ? <DestroyDialog rows={asking.rows} onClose={close} onDestroy={(rows) => void destroyAll(rows)} /> : null}
      {shutting === null ? null : (
        <ShutdownDialog
          key={shutting.n}
          open={shutting.open}
          onHide={() => setShutting({ ...shutting, open: false })}
          onShow={actions.shutDown}
          onEnd={() => setShutting(null)}
        />
      )}
    </SandboxActionsContext>
  )
}

/** Says what is lost and what stays, as it is while the dialog is open. */
function DestroyDialog({ rows, onClose, onDestroy }: { rows: readonly SandboxRow[]; onClose: () => void; onDestroy: (rows: readonly SandboxRow[]) => void }) {
  const words = sandboxesWords.destroy
  const format = useFormat()
  const live = useLiveRows(rows)
  const loss = lossOf(live)
  const many = rows.length > 1
  const shown = loss.commands.slice(0, 4)
  return (
    <Dialog
      title={words.title(namesOf(rows, format))}
      open
      onClose={onClose}
      alert
      className="destroybox"
      actions={
        <>
          <Button safe onClick={onClose}>
            {words.keep}
          </Button>
          <Button
            kind="danger"
            disabled={live.length === 0}
            onClick={() => {
              onClose()
              onDestroy(live)
            }}
          >
            {words.button(namesOf(live.length === 0 ? rows : live, format))}
          </Button>
        </>
      }
    >
      <dl className="losses">
        <dt>{words.lost}</dt>
        <dd>
          <ul>
            {loss.commands.length === 0 ? null : (
              <Lost text={words.commands(format.count(loss.commands.length, 'command'))}>
                {shown.map(({ command, row }) => (
                  <code key={command.id} className="cut" title={command.command}>
                    {command.command}
                    {many ? <span className="dim"> in {shortName(nameOf(row))}</span> : null}
                  </code>
                ))}
                {loss.commands.length > shown.length ? <span className="dim">{words.more(format.number(loss.commands.length - shown.length))}</span> : null}
              </Lost>
            )}
            {loss.terminals === 0 ? null : <Lost text={words.terminals(format.count(loss.terminals, 'terminal'))} />}
            {loss.holders.length === 0 ? null : <Lost text={words.holders(listed(loss.holders))} />}
            <Lost text={words.inside} />
            {loss.anonymous === 0 ? null : <Lost text={many ? words.anonymousMany(format.number(loss.anonymous)) : words.anonymous} />}
          </ul>
        </dd>
        <dt>{words.stays}</dt>
        <dd>{loss.threads === 0 ? words.nothing : many ? words.filesMany : words.files}</dd>
      </dl>
    </Dialog>
  )
}

function Lost({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <li>
      <span>{text}</span>
      {children}
    </li>
  )
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
}

interface Hold {
  readonly row: SandboxRow
  readonly holder: string
}

/** Somebody else's holds are ended only after a look at whose they are. */
function ReleaseDialog({ rows, onClose, onRelease }: { rows: readonly SandboxRow[]; onClose: () => void; onRelease: (holds: readonly Hold[]) => void }) {
  const words = sandboxesWords.release
  const format = useFormat()
  const now = useNow('minute')
  const live = useLiveRows(rows)
  const idle = useHouse(({ house }) => house.idle_timeout)
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const holds = live.flatMap((row) =>
    row.holders.map(({ holder, name, since }) => ({ row, holder, name: holderName({ holder, name }), since, key: `${row.id} ${holder}` })),
  )
  const chosen = holds.filter(({ key }) => !left.has(key))
  const many = live.length > 1
  return (
    <Dialog
      title={words.title(namesOf(rows, format))}
      about={live.some(({ thread }) => thread === null) ? `${words.about} ${words.anonymous}` : words.about}
      open
      onClose={onClose}
      alert
      says={words.says(idle > 0 ? format.inWords(idle * 1000) : null)}
      actions={
        <>
          <Button safe onClick={onClose}>
            {words.keep}
          </Button>
          <Button
            kind="primary"
            disabled={chosen.length === 0}
            onClick={() => {
              onClose()
              onRelease(chosen)
            }}
          >
            {chosen.length === holds.length ? words.all : words.some(format.number(chosen.length), format.number(holds.length))}
          </Button>
        </>
      }
    >
      <ul className="holds" aria-label={words.holds}>
        {holds.map(({ row, name, since, key }) => (
          <li key={key}>
            <Check
              checked={!left.has(key)}
              label={many ? `${name} · ${shortName(nameOf(row))}` : name}
              detail={words.since(format.age(now - Date.parse(since)))}
              onChange={(on) =>
                setLeft((all) => {
                  const next = new Set(all)
                  if (on) next.delete(key)
                  else next.add(key)
                  return next
                })
              }
            />
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
