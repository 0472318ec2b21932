import type { SandboxRow, SlotRow } from '../../../../shared/state.ts'
import { sandboxRow } from '../../../support/ui/sandbox-row.ts'

export const t0 = Date.parse('2026-11-25T10:00:00.000Z')
export const at = (seconds: number) => new Date(t0 + seconds * 1000).toISOString()

let made = 0

/** A sandbox of the thread `name`; what is not said is of no matter to the test. */
export function sandbox(name: string, rest: Partial<SandboxRow> = {}): SandboxRow {
  made += 1
  return sandboxRow(made.toString(16).padStart(16, '0'), name, at(0), { expires_at: at(600), ...rest })
}

export function slot(name: string, rest: Partial<SlotRow> = {}): SlotRow {
  return { name, state: 'ready', image: 'berth-lite:0.4', created_at: at(0), ...rest }
}

export const held = (...holders: string[]) => holders.map((holder) => ({ holder, since: at(0) }))
export const running = (command: string) => ({ id: command, command, who: 'agent', since: at(0) })
