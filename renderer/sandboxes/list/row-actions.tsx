import { createContext, memo, use } from 'react'
import { Menu as Base } from '@base-ui/react/menu'
import type { SandboxRow } from '../../../shared/state.ts'
import { Button } from '../../parts/buttons.tsx'
import { Icon, type IconName } from '../../parts/indicators.tsx'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { FloatHost, type MenuItems, uncoverGuards } from '../../parts/overlays.tsx'
import { keyCaps } from '../../parts/key-caps.ts'

const words = sandboxesWords.actions

/** What a row's buttons do, by the row's id: the row itself changes all the time. */
export interface ListActions {
  terminal(id: string): void
  release(id: string): void
  destroy(id: string): void
  cancel(id: string): void
  again(id: string): void
  dismiss(id: string): void
  open(id: string): void
  menu(id: string, at: Element): void
}

export const ListActionsContext = createContext<ListActions | null>(null)

function useListActions(): ListActions {
  const found = use(ListActionsContext)
  if (found === null) throw new Error('a row is in a list')
  return found
}

/** Terminal, release where it is held or else destroy, and the rest in a menu. Without tips of their own: hundreds of rows have them. */
export const RowActions = memo(function RowActions({ id, held }: { id: string; held: boolean }) {
  const actions = useListActions()
  return (
    <span className="group">
      <Action icon="terminal" label={words.terminal} run={() => actions.terminal(id)} />
      {held ? (
        <Action icon="castoff" label={words.release} run={() => actions.release(id)} />
      ) : (
        <Action icon="trash" label={words.destroy} run={() => actions.destroy(id)} />
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
      <Button kind="quiet" small onClick={() => actions.open(id)}>
        {words.why}
      </Button>
      {threaded ? (
        <Button kind="quiet" small onClick={() => actions.again(id)}>
          {words.again}
        </Button>
      ) : null}
      <Action icon="close" label={words.dismiss} run={() => actions.dismiss(id)} />
    </span>
  )
})

export const CancelAction = memo(function CancelAction({ id }: { id: string }) {
  const actions = useListActions()
  return (
    <span className="group stay">
      <Button kind="quiet" small onClick={() => actions.cancel(id)}>
        {words.cancel}
      </Button>
    </span>
  )
})

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
