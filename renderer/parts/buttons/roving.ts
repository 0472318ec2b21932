import type { KeyboardEvent } from 'react'

/** ←→ (and ↑↓), Home and End move the focus inside a row of controls that is one tab stop. Gives the one moved to. */
export function rove(event: KeyboardEvent<HTMLElement>, selector = 'button:not(:disabled)'): HTMLElement | null {
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>(selector)]
  const at = all.indexOf(document.activeElement as HTMLElement)
  if (at < 0) return null
  const to = target(event.key, at, all.length)
  if (to === null) return null
  event.preventDefault()
  const found = all[to] ?? null
  found?.focus()
  return found
}

function target(key: string, at: number, count: number): number | null {
  if (key === 'ArrowRight' || key === 'ArrowDown') return (at + 1) % count
  if (key === 'ArrowLeft' || key === 'ArrowUp') return (at - 1 + count) % count
  if (key === 'Home') return 0
  if (key === 'End') return count - 1
  return null
}
