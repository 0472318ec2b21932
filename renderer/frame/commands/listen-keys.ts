import type { Commands } from './command.ts'
import { commandFor, counts, strokeName, type Pending, type Place } from './keys.logic.ts'

/** Runs commands by their keys. What a screen handles itself (`preventDefault`) is left alone. */
export function listenKeys(target: Window, commands: Commands, mac: boolean): () => void {
  let pending: Pending | null = null
  function pressed(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || event.repeat) return
    const stroke = strokeName({ key: event.key, ctrl: event.ctrlKey, meta: event.metaKey, alt: event.altKey, shift: event.shiftKey }, mac)
    if (stroke === null || !counts(stroke, placeOf(event.target), mac)) return
    const found = commandFor(commands.all(), stroke, pending, event.timeStamp)
    pending = found.pending
    if (found.command === null) return
    event.preventDefault()
    found.command.run()
  }
  target.addEventListener('keydown', pressed)
  return () => target.removeEventListener('keydown', pressed)
}

function placeOf(target: EventTarget | null): Place {
  if (!(target instanceof Element)) return 'page'
  if (target.closest('[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]')) return 'float'
  if (target.closest('.xterm')) return 'terminal'
  return target.closest('input, textarea, select, [contenteditable="true"]') ? 'field' : 'page'
}
