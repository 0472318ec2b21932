import { sequenceMs } from '../parts/key-caps.ts'
import type { Command } from './command.ts'

/** What of a key press counts, whatever made it. */
export interface Stroke {
  readonly key: string
  readonly ctrl: boolean
  readonly meta: boolean
  readonly alt: boolean
  readonly shift: boolean
}

/**
 * Where the focus is: on a row of a list keys are about that row, in a field letters are text, in a terminal almost everything is the
 * program's, over a dialog nothing below counts.
 */
export type Place = 'page' | 'row' | 'field' | 'terminal' | 'float'

/** As in `Command.keys`; null where a press is not for us at all. */
export function strokeName({ key, ctrl, meta, alt, shift }: Stroke, mac: boolean): string | null {
  if (key === 'Control' || key === 'Meta' || key === 'Shift' || key === 'Alt' || key === 'Dead' || key === 'Unidentified') return null
  const mod = mac ? meta : ctrl
  const other = mac ? ctrl : meta
  if (other) return null
  const printable = [...key].length === 1
  // AltGr makes characters; Alt itself belongs to menus.
  if (alt && !printable) return null
  if (alt && mod && !mac) return printable ? key.toLowerCase() : null
  const name = key === ' ' ? 'Space' : printable ? key.toLowerCase() : key
  const parts = [...(mod ? ['Mod'] : []), ...(shift && (mod || !printable) ? ['Shift'] : [])]
  return [...parts, name].join('+')
}

/** Whether a combination is looked at where the focus is. */
export function counts(stroke: string, place: Place, mac: boolean): boolean {
  if (place === 'page' || place === 'row') return true
  if (place === 'float') return false
  if (place === 'field') return stroke.startsWith('Mod+')
  return mac ? stroke.startsWith('Mod+') : stroke.startsWith('Mod+Shift+')
}

/** Whether a key that the foot tells acts where the focus is. `at`: the only place where it does; else wherever its combination counts. */
export function acts(stroke: string, at: Place | undefined, place: Place, mac: boolean): boolean {
  return at === undefined ? counts(stroke, place, mac) : at === place
}

export interface Pending {
  readonly stroke: string
  readonly at: number
}

/** The command of a press; or that it is the first key of some. A later command stands in front of an earlier one. */
export function commandFor(
  commands: readonly Command[],
  stroke: string,
  pending: Pending | null,
  now: number,
): { command: Command | null; pending: Pending | null } {
  const whole = pending !== null && now - pending.at <= sequenceMs ? `${pending.stroke} ${stroke}` : null
  const latest = [...commands].reverse()
  if (whole !== null) {
    const command = latest.find(({ keys }) => keys?.includes(whole))
    if (command) return { command, pending: null }
  }
  const single = latest.find(({ keys }) => keys?.includes(stroke))
  if (single) return { command: single, pending: null }
  const begins = commands.some(({ keys }) => keys?.some((one) => one.startsWith(`${stroke} `)))
  return { command: null, pending: begins ? { stroke, at: now } : null }
}
