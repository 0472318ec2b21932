import type { HouseState, SandboxRow, SlotRow } from '../../shared/state.ts'
import { nameOf, rowId, type ListRow } from '../state/rows.logic.ts'

export type Scope = 'all' | 'unused'

/** What a shutdown meets. */
export interface Plan {
  /** Held, or something runs in it: what somebody loses. */
  readonly used: readonly SandboxRow[]
  readonly creating: readonly SandboxRow[]
  /** Nobody holds them and nothing runs in them. */
  readonly warm: readonly SandboxRow[]
  readonly slots: readonly SlotRow[]
  readonly working: number
}

export function planOf({ house, sandboxes }: Pick<HouseState, 'house' | 'sandboxes'>): Plan {
  const rows = Object.values(sandboxes)
  const isUsed = (row: SandboxRow) => row.status === 'active' || row.commands.length > 0 || row.terminals.some(({ ended }) => ended === null)
  const there = rows.filter(({ status }) => status === 'active' || status === 'warm' || status === 'paused')
  const used = there.filter(isUsed)
  return {
    used,
    creating: rows.filter(({ status }) => status === 'creating'),
    warm: there.filter((row) => !isUsed(row)),
    slots: house.spares.slots,
    working: used.filter(({ commands }) => commands.length > 0).length,
  }
}

/** What is to be gone in the end. Slots go only with everything: they are for the next thread. */
export function targetsOf(plan: Plan, scope: Scope): readonly Target[] {
  const rows: readonly ListRow[] = scope === 'unused' ? plan.warm : [...plan.used, ...plan.creating, ...plan.warm, ...plan.slots]
  return rows.map((row) => ({ id: rowId(row), name: nameOf(row) }))
}

export interface Target {
  readonly id: string
  readonly name: string
}

/** How far each is; ms since the beginning. */
export interface Step {
  readonly phase: 'waiting' | 'stopping' | 'gone'
  readonly at: number
}
export type Steps = ReadonlyMap<string, Step>

/** What the state shows of the targets by now. A sandbox that comes back under the same id later is another one: gone stays gone. */
export function follow(before: Steps, targets: readonly Target[], { house, sandboxes }: Pick<HouseState, 'house' | 'sandboxes'>, ms: number): Steps {
  const slots = new Set(house.spares.slots.map(rowId))
  const next = new Map(before)
  let changed = false
  for (const { id } of targets) {
    const was = before.get(id)?.phase
    if (was === 'gone') continue
    const row = sandboxes[id]
    const phase = row === undefined && !slots.has(id) ? 'gone' : row?.status === 'stopping' ? 'stopping' : 'waiting'
    if (phase === was) continue
    next.set(id, { phase, at: ms })
    changed = true
  }
  return changed ? next : before
}

export interface Failure {
  readonly id: string
  readonly name: string
  readonly error: string
}

/** How it ended: who is left, with the engine's words, and who was the slowest to go. */
export function outcome(
  targets: readonly Target[],
  steps: Steps,
  failed: readonly { id: string; error: string }[],
): { failures: Failure[]; gone: number; slowest: Target | null } {
  const names = new Map(targets.map(({ id, name }) => [id, name]))
  const failures = failed.map(({ id, error }) => ({ id, name: names.get(id) ?? id, error }))
  const left = new Set(failures.map(({ id }) => id))
  const gone = targets.filter(({ id }) => !left.has(id))
  const at = ({ id }: Target) => steps.get(id)?.at ?? 0
  return { failures, gone: gone.length, slowest: gone.reduce<Target | null>((most, one) => (most === null || at(one) > at(most) ? one : most), null) }
}
