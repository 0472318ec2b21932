import { useRef, useSyncExternalStore } from 'react'
import type { Place } from './keys.logic.ts'

/** Where an element stands, as far as keys go. */
export function placeOf(target: EventTarget | null): Place {
  if (!(target instanceof Element)) return 'page'
  const float = target.closest('[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]')
  // One that is closed keeps the focus for a frame more; whoever types on means what is below it.
  if (float) return float.closest('[data-closed]') ? 'page' : 'float'
  if (target.closest('.xterm')) return 'terminal'
  if (target.closest('input, textarea, select, [contenteditable="true"]')) return 'field'
  return target.matches('[data-row]') ? 'row' : 'page'
}

/** Where the focus is. What floats over the page is passed over: below it nothing has changed. */
export function useFocusPlace(): Place {
  const last = useRef<Place>('page')
  const place = useSyncExternalStore(watch, () => placeOf(document.activeElement))
  if (place !== 'float') last.current = place
  return last.current
}

function watch(listener: () => void): () => void {
  document.addEventListener('focusin', listener)
  document.addEventListener('focusout', listener)
  return () => {
    document.removeEventListener('focusin', listener)
    document.removeEventListener('focusout', listener)
  }
}
