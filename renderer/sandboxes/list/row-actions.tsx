import { createContext, memo, use } from 'react'
import { Menu as Base } from '@base-ui/react/menu'
import type { SandboxRow } from '../../../shared/state.ts'
import type { SandboxActions } from '../../actions/actions.ts'
import { Button } from '../../parts/buttons.tsx'
import { Icon, type IconName } from '../../parts/indicators.tsx'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { FloatHost, type MenuItems, uncoverGuards } from '../../parts/overlays.tsx'
import { keyCaps } from '../../parts/key-caps.ts'

const words = sandboxesWords.actions

/** What a person does with sandboxes, and what goes from the list to the clipboard. */
export interface ListDoing extends SandboxActions {
  copied(text: string): void
  /** A command line that runs something in it. */
  execLine(row: SandboxRow): string
}

export interface RowAction {
  readonly label: string
  readonly icon: IconName
  /** Pressed on the row, or anywhere while it is chosen: the command is in `list-screen.tsx`. */
  readonly keys?: string
  readonly bad?: true
  readonly when: (row: SandboxRow) => boolean
  /** Has a button in the row itself, where hundreds of them are: few. */
  readonly inRow?: (held: boolean) => boolean
  readonly run: (doing: ListDoing, row: SandboxRow) => void
}

/** Never a lone key: what is pressed a moment too late, elsewhere, must end nothing. */
export const destroyKeys = ['Mod+Backspace', 'Delete'] as const
const isFailed = ({ status }: SandboxRow) => status === 'failed'

/** What can be done with one sandbox, said once: its menu is made of this, and so are the buttons in its row. */
const rowActions: readonly (RowAction | 'line')[] = [
  { label: words.terminal, icon: 'terminal', keys: 't', when: isOpen, inRow: () => true, run: (doing, { id }) => doing.terminal(id) },
  { label: words.why, icon: 'info', when: isFailed, run: (doing, { id }) => doing.open(id) },
  { label: words.logs, icon: 'logs', keys: 'l', when: (row) => !isFailed(row), run: (doing, { id }) => doing.logs(id) },
  { label: words.files, icon: 'folder', when: isOpen, run: (doing, { id }) => doing.files(id) },
  { label: words.again, icon: 'retry', when: (row) => isFailed(row) && row.thread !== null, run: (doing, row) => doing.again(row) },
  'line',
  { label: words.copyThread, icon: 'copy', when: ({ thread }) => thread !== null, run: (doing, { thread }) => doing.copied(thread ?? '') },
  { label: words.copyId, icon: 'copy', when: () => true, run: (doing, { id }) => doing.copied(id) },
  { label: words.copyExec, icon: 'copy', when: () => true, run: (doing, row) => doing.copied(doing.execLine(row)) },
  'line',
  { label: words.release, icon: 'castoff', keys: 'r', when: isHeld, inRow: (held) => held, run: (doing, row) => doing.release([row]) },
  { label: words.dismiss, icon: 'close', when: isFailed, run: (doing, row) => doing.dismiss(row) },
  {
    label: words.destroy,
    icon: 'trash',
    keys: destroyKeys[0],
    bad: true,
    when: (row) => !isFailed(row),
    inRow: (held) => !held,
    run: (doing, row) => doing.destroy([row]),
  },
]

export function menuOf(row: SandboxRow, doing: ListDoing): MenuItems {
  return rowActions.flatMap((action): MenuItems => {
    if (action === 'line') return ['line' as const]
    const { when, run, inRow: _, ...item } = action
    return when(row) ? [{ ...item, run: () => run(doing, row) }] : []
  })
}

/** What a row's buttons do, by the row's id: the row itself changes all the time. */
export interface ListActions {
  act(id: string, action: Pick<RowAction, 'run'>): void
  menu(id: string, at: Element): void
}

export const ListActionsContext = createContext<ListActions | null>(null)

function useListActions(): ListActions {
  const found = use(ListActionsContext)
  if (found === null) throw new Error('a row is in a list')
  return found
}

/** What is done most, and the rest in a menu. Without tips of their own: hundreds of rows have them. */
export const RowActions = memo(function RowActions({ id, held }: { id: string; held: boolean }) {
  const actions = useListActions()
  return (
    <span className="group">
      {rowActions.map((one) =>
        one !== 'line' && one.inRow?.(held) ? <Action key={one.label} icon={one.icon} label={one.label} run={() => actions.act(id, one)} /> : null,
      )}
      <Action icon="more" label={words.more} run={(at) => actions.menu(id, at)} menu />
    </span>
  )
})

function Action({ icon, label, run, menu }: { icon: IconName; label: string; run: (at: Element) => void; menu?: boolean }) {
  return (
    <button
      type="button"
      className="iconbtn small"
      tabIndex={-1}
      aria-label={label}
      title={label}
      aria-haspopup={menu ? 'menu' : undefined}
      onClick={(event) => run(event.currentTarget)}
    >
      <Icon name={icon} />
    </button>
  )
}

export const FailedActions = memo(function FailedActions({
  id,
  threaded,
}: {
  id: string
  /** An anonymous one cannot be tried again: it was one of a kind. */ threaded: boolean
}) {
  const actions = useListActions()
  return (
    <span className="group stay">
      <Button kind="quiet" small onClick={() => actions.act(id, { run: (doing) => doing.open(id) })}>
        {words.why}
      </Button>
      {threaded ? (
        <Button kind="quiet" small onClick={() => actions.act(id, { run: (doing, row) => doing.again(row) })}>
          {words.again}
        </Button>
      ) : null}
      <Action icon="close" label={words.dismiss} run={() => actions.act(id, { run: (doing, row) => doing.dismiss(row) })} />
    </span>
  )
})

export const CancelAction = memo(function CancelAction({ id }: { id: string }) {
  const actions = useListActions()
  return (
    <span className="group stay">
      <Button kind="quiet" small onClick={() => actions.act(id, { run: (doing, row) => doing.cancel(row) })}>
        {words.cancel}
      </Button>
    </span>
  )
})

/** Somebody can be let in. */
export function isOpen({ status }: SandboxRow): boolean {
  return status !== 'failed' && status !== 'creating' && status !== 'stopping'
}

/** Whether there is something to release. */
export function isHeld(row: SandboxRow): boolean {
  return row.holders.length > 0
}

/** Where it opens: at a button, or where the pointer was. */
export type MenuPlace = Element | { getBoundingClientRect(): DOMRect }

/** One menu for all rows: hundreds of them would each cost their own. The focus goes back to the row it was opened from. */
export function RowMenu({
  label,
  items,
  at,
  onClose,
  back,
}: {
  label: string
  items: MenuItems
  at: MenuPlace | null
  onClose: () => void
  back: () => HTMLElement | null
}) {
  const host = use(FloatHost)
  return (
    <Base.Root
      open={at !== null}
      onOpenChangeComplete={uncoverGuards}
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      modal={false}
    >
      <Base.Portal container={host}>
        <Base.Positioner className="pop" anchor={at} align="end" sideOffset={4} collisionPadding={8}>
          <Base.Popup className="menu" aria-label={label} finalFocus={() => back() ?? true}>
            {items.map((one, index) =>
              one === 'line' ? (
                <Base.Separator key={index} render={<hr />} />
              ) : (
                <Base.Item
                  key={index}
                  label={one.label}
                  disabled={one.disabled}
                  onClick={one.run}
                  className={({ highlighted }) => [one.bad ? 'bad' : '', highlighted ? 'is-hover' : ''].join(' ').trim()}
                >
                  {one.icon ? <Icon name={one.icon} /> : null}
                  {one.label}
                  {one.keys === undefined ? null : (
                    <span className="end" aria-hidden="true">
                      {keyCaps(one.keys, /Mac/.test(navigator.platform)).join(' ')}
                    </span>
                  )}
                </Base.Item>
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
