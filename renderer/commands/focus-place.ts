import { useRef, useSyncExternalStore } from 'react'
import type { Place } from './keys.logic.ts'

/** Where an element stands, as far as keys go. */
function placeOf(target: EventTarget | null): Place {
  if (!(target instanceof Element)) return 'page'
  if (target.closest('[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]')) return 'float'
  if (target.closest('.xterm')) return 'terminal'
  if (target.closest('input, textarea, select, [contenteditable="true"]')) return 'field'
  return target.matches('[data-row]') ? 'row' : 'page'
}

/** What a key is about: a float that is closed keeps the focus for a frame more, and whoever types on means what is below it. */
export function meantPlace(target: EventTarget | null): Place {
  const place = placeOf(target)
  return place === 'float' && target instanceof Element && target.closest('[data-closed]') ? 'page' : place
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
