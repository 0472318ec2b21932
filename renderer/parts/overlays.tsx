import { Dialog as Base } from '@base-ui/react/dialog'
import { createContext, type ReactElement, type ReactNode, use, useState } from 'react'
import { Menu as MenuBase } from '@base-ui/react/menu'
import { Tooltip } from '@base-ui/react/tooltip'
import { Icon, type IconName, Kbd } from './indicators.tsx'
import { keyCaps } from './key-caps.ts'

/** Where a part stands, for the parts inside it. A row of a grid is one tab stop: its buttons are reached by → from the row. */
export const InRow = createContext(false)

/** The dialog around a part: what floats above it belongs inside it, or it would be as hidden as the rest of the page. */
export const InDialog = createContext<HTMLElement | null>(null)

/** A landmark at the end of the page that menus float in; null: the body. */
export const FloatHost = createContext<HTMLElement | null>(null)

/**
 * Base UI's focus guards can take the focus, and hand it on at once; hidden from screen readers they must not be able to. They are
 * empty, so nothing is read when they are not hidden.
 */
export function uncoverGuards(open: boolean): void {
  if (!open) return
  for (const guard of document.querySelectorAll('[data-base-ui-focus-guard][aria-hidden]')) guard.removeAttribute('aria-hidden')
}

export interface DialogProps {
  readonly title: string
  /** One line under the title: what it is about, or what is lost. */
  readonly about?: ReactNode
  readonly open: boolean
  readonly onClose: () => void
  /** Buttons at the end of the foot; the safe one has `safe` and gets the focus, where no field has `data-first`. */
  readonly actions?: ReactNode
  /** At the beginning of the foot: what happens next. */
  readonly says?: ReactNode
  readonly children?: ReactNode
  /** It asks before work is lost: a press beside it does not answer. */
  readonly alert?: boolean | undefined
  /** Enter in a field. The whole becomes a form. */
  readonly onSubmit?: (() => void) | undefined
  readonly className?: string | undefined
}

/** The focus goes in when it opens, stays in, and returns where it was. Esc closes. */
export function Dialog({ title, about, open, onClose, actions, says, children, alert = false, onSubmit, className = '' }: DialogProps) {
  const [box, setBox] = useState<HTMLDivElement | null>(null)
  const inside = (
    <>
      <header>
        <Base.Title>{title}</Base.Title>
        {about === undefined ? null : <Base.Description>{about}</Base.Description>}
      </header>
      {children === undefined ? null : <div className="body">{children}</div>}
      <footer>
        {says === undefined ? null : <span className="dim small">{says}</span>}
        <span className="end">{actions}</span>
      </footer>
    </>
  )
  return (
    <Base.Root
      open={open}
      onOpenChange={(next) => {
        if (!next) onClose()
      }}
      disablePointerDismissal={alert}
    >
      <Base.Portal>
        <Base.Viewport className="scrim">
          <Base.Popup
            ref={setBox}
            role={alert ? 'alertdialog' : 'dialog'}
            aria-modal="true"
            className={`dialog ${className}`}
            initialFocus={() => box?.querySelector<HTMLElement>('[data-first]') ?? box?.querySelector<HTMLElement>('[data-safe]') ?? true}
          >
            <InDialog value={box}>
              {onSubmit === undefined ? (
                inside
              ) : (
                <form
                  onSubmit={(event) => {
                    event.preventDefault()
                    onSubmit()
                  }}
                >
                  {inside}
                </form>
              )}
            </InDialog>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  )
}

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
    <MenuBase.Root modal={false} onOpenChangeComplete={uncoverGuards}>
      <MenuBase.Trigger
        render={
          trigger ?? (
            <button type="button" className="iconbtn small" aria-label={label} title={label}>
              <Icon name="more" />
            </button>
          )
        }
        tabIndex={inRow ? -1 : undefined}
      />
      <MenuBase.Portal container={inDialog ?? host}>
        <MenuBase.Positioner className={inDialog === null ? 'pop' : 'pop over'} align={align} sideOffset={4} collisionPadding={8}>
          <MenuBase.Popup className="menu" aria-label={label}>
            {items.map((one, at) =>
              one === 'line' ? (
                <MenuBase.Separator key={at} render={<hr />} />
              ) : (
                <MenuBase.Item
                  key={at}
                  label={one.label}
                  disabled={one.disabled}
                  onClick={one.run}
                  className={({ highlighted }) => [one.bad ? 'bad' : '', highlighted ? 'is-hover' : ''].join(' ').trim()}
                >
                  {one.icon ? <Icon name={one.icon} /> : null}
                  {one.label}
                  {one.keys === undefined && one.end === undefined ? null : (
                    <span className="end" aria-hidden={one.end === undefined || undefined}>
                      {one.end ?? keyCaps(one.keys ?? '', /Mac/.test(navigator.platform)).join(' ')}
                    </span>
                  )}
                </MenuBase.Item>
              ),
            )}
          </MenuBase.Popup>
        </MenuBase.Positioner>
      </MenuBase.Portal>
    </MenuBase.Root>
  )
}

/** A name on hover and keyboard focus. It repeats what the control is called, so nothing is lost where it cannot show. */
export function Tip({ text, keys, children }: { text: string; keys?: string | undefined; children: ReactElement<Record<string, unknown>> }) {
  const host = use(FloatHost)
  const inDialog = use(InDialog)
  return (
    // Esc closes it, and means what it means besides.
    <Tooltip.Root onOpenChange={(_, details) => details.allowPropagation()}>
      <Tooltip.Trigger render={children} delay={500} />
      <Tooltip.Portal container={inDialog ?? host}>
        <Tooltip.Positioner className="pop tips" sideOffset={6} collisionPadding={8}>
          <Tooltip.Popup className="tip" aria-hidden="true">
            {text}
            {keys === undefined ? null : <Kbd keys={keys} />}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}

/** Around all parts: gives menus, lists and tips their place at the end of the page. */
export function FloatRoot({ children }: { children: ReactNode }) {
  const [host, setHost] = useState<HTMLElement | null>(null)
  return (
    <FloatHost value={host}>
      {children}
      <section ref={setHost} aria-label="Menus" />
    </FloatHost>
  )
}
