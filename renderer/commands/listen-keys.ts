import type { Commands } from './command.ts'
import { commandFor, counts, strokeName, type Pending } from './keys.logic.ts'
import { meantPlace } from './focus-place.ts'

/** Runs commands by their keys. What a screen handles itself (`preventDefault`) is left alone. */
export function listenKeys(target: Window, commands: Commands, mac: boolean): () => void {
  let pending: Pending | null = null
  function pressed(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || event.repeat) return
    const stroke = strokeName({ key: event.key, ctrl: event.ctrlKey, meta: event.metaKey, alt: event.altKey, shift: event.shiftKey }, mac)
    const place = meantPlace(event.target)
    if (stroke === null || !counts(stroke, place, mac)) return
    const found = commandFor(
      commands.all().filter(({ onRow }) => onRow !== true || place === 'row'),
      stroke,
      pending,
      event.timeStamp,
    )
    pending = found.pending
    if (found.command === null) return
    event.preventDefault()
    found.command.run()
  }
  target.addEventListener('keydown', pressed)
  return () => target.removeEventListener('keydown', pressed)
}
