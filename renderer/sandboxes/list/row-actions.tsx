import { createContext, memo, use } from 'react'
import type { SandboxRow } from '../../../shared/state.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { Icon, type IconName } from '../../parts/signs/icon.tsx'
import { sandboxesWords } from '../../words/sandboxes.ts'

const words = sandboxesWords.actions

/** What a row's buttons do, by the row's id: the row itself changes all the time. */
export interface RowDeeds {
  terminal(id: string): void
  release(id: string): void
  destroy(id: string): void
  cancel(id: string): void
  again(id: string): void
  dismiss(id: string): void
  open(id: string): void
  menu(id: string, at: Element): void
}

export const RowDeedsContext = createContext<RowDeeds | null>(null)

function useRowDeeds(): RowDeeds {
  const found = use(RowDeedsContext)
  if (found === null) throw new Error('a row is in a list')
  return found
}

/** Terminal, release where it is held or else destroy, and the rest in a menu. Without tips of their own: hundreds of rows have them. */
export const RowActions = memo(function RowActions({ id, held }: { id: string; held: boolean }) {
  const deeds = useRowDeeds()
  return (
    <span className="group">
      <Action icon="terminal" label={words.terminal} run={() => deeds.terminal(id)} />
      {held ? <Action icon="castoff" label={words.release} run={() => deeds.release(id)} /> : <Action icon="trash" label={words.destroy} run={() => deeds.destroy(id)} />}
      <Action icon="more" label={words.more} run={(at) => deeds.menu(id, at)} menu />
    </span>
  )
})

function Action({ icon, label, run, menu }: { icon: IconName; label: string; run: (at: Element) => void; menu?: boolean }) {
  return (
    <button type="button" className="iconbtn small" tabIndex={-1} aria-label={label} title={label} aria-haspopup={menu ? 'menu' : undefined} onClick={(event) => run(event.currentTarget)}>
      <Icon name={icon} />
    </button>
  )
}

export const FailedActions = memo(function FailedActions({ id, threaded }: { id: string; /** An anonymous one cannot be tried again: it was one of a kind. */ threaded: boolean }) {
  const deeds = useRowDeeds()
  return (
    <span className="group stay">
      <Button kind="quiet" small onClick={() => deeds.open(id)}>{words.why}</Button>
      {threaded ? <Button kind="quiet" small onClick={() => deeds.again(id)}>{words.again}</Button> : null}
      <Action icon="close" label={words.dismiss} run={() => deeds.dismiss(id)} />
    </span>
  )
})

export const CancelAction = memo(function CancelAction({ id }: { id: string }) {
  const deeds = useRowDeeds()
  return <span className="group stay"><Button kind="quiet" small onClick={() => deeds.cancel(id)}>{words.cancel}</Button></span>
})

/** Whether there is something to release. */
export function isHeld(row: SandboxRow): boolean {
  return row.holders.length > 0
}
