import { Menu as Base } from '@base-ui/react/menu'
import { use, type ReactElement } from 'react'
import { Icon, type IconName } from '../signs/icon.tsx'
import { keyCaps } from '../signs/key-caps.ts'
import { FloatHost, InDialog, InRow, uncoverGuards } from './within.ts'

export interface MenuAction {
  readonly label: string
  readonly icon?: IconName | undefined
  /** Its key, as shown elsewhere. */
  readonly keys?: string | undefined
  readonly end?: string | undefined
  readonly bad?: boolean | undefined
  readonly disabled?: boolean | undefined
  readonly run: () => void
}

export type MenuItems = readonly (MenuAction | 'line')[]

export interface MenuProps {
  /** Name of the menu, and of its button where that has none of its own. */
  readonly label: string
  /** The button that opens it; without one: three dots. */
  readonly trigger?: ReactElement<Record<string, unknown>> | undefined
  readonly items: MenuItems
  readonly align?: 'start' | 'end' | undefined
}

/** Arrows, letters, Esc; the focus goes back to its button. */
export function Menu({ label, trigger, items, align = 'end' }: MenuProps) {
  const inDialog = use(InDialog)
  const host = use(FloatHost)
  const inRow = use(InRow)
  return (
    <Base.Root modal={false} onOpenChangeComplete={uncoverGuards}>
      <Base.Trigger
        render={trigger ?? <button type="button" className="iconbtn small" aria-label={label} title={label}><Icon name="more" /></button>}
        tabIndex={inRow ? -1 : undefined}
      />
      <Base.Portal container={inDialog ?? host}>
        <Base.Positioner className={inDialog === null ? 'pop' : 'pop over'} align={align} sideOffset={4} collisionPadding={8}>
          <Base.Popup className="menu" aria-label={label}>
            {items.map((one, at) => one === 'line' ? <Base.Separator key={at} render={<hr />} /> : (
              <Base.Item
                key={at} label={one.label} disabled={one.disabled} onClick={one.run}
                className={({ highlighted }) => [one.bad ? 'bad' : '', highlighted ? 'is-hover' : ''].join(' ').trim()}
              >
                {one.icon ? <Icon name={one.icon} /> : null}{one.label}
                {one.keys === undefined && one.end === undefined ? null : (
                  <span className="end" aria-hidden={one.end === undefined || undefined}>{one.end ?? keyCaps(one.keys ?? '', /Mac/.test(navigator.platform)).join(' ')}</span>
                )}
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
