import { createContext } from 'react'

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
