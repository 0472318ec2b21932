import type { Terminal } from '../../../shared/terminal.ts'

/** Where a page remembers which terminal of a sandbox was looked at. */
export const lookedAtKey = (sandbox: string): string => `berth.terminal.${sandbox}`

/** The session to show: the one asked for if it is there, else the newest that goes on, else the newest. */
export function sessionToShow(terminals: readonly Terminal[], asked: string | null): Terminal | null {
  const found = terminals.find(({ id }) => id === asked)
  if (found) return found
  const newest = (some: readonly Terminal[]) => some.reduce<Terminal | null>((best, one) => (best === null || one.created_at >= best.created_at ? one : best), null)
  return newest(terminals.filter(({ ended }) => ended === null)) ?? newest(terminals)
}

/** The session to go to when one is closed: its right neighbour, else its left one. */
export function afterClose(terminals: readonly Terminal[], closed: string): string | null {
  const at = terminals.findIndex(({ id }) => id === closed)
  return terminals[at + 1]?.id ?? terminals[at - 1]?.id ?? null
}

/** What was kept of the terminal that was looked at last: `INSTANCE ID`; null: nothing that can be read. */
export function lookedAt(kept: string | null): { readonly instance: string; readonly terminal: string } | null {
  const [instance, terminal] = kept?.split(' ') ?? []
  return instance === undefined || terminal === undefined ? null : { instance, terminal }
}
