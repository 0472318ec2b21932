import type { BerthEvent } from '../../shared/events.ts'

export type EventKind = 'lifecycle' | 'terminal' | 'problem'

export function kindOf({ type }: Pick<BerthEvent, 'type'>): EventKind {
  if (type.startsWith('terminal.')) return 'terminal'
  return type === 'berth.problem' || type === 'sandbox.failed' || type === 'sandbox.stuck' || type === 'sandbox.refused' || type === 'sandbox.oom'
    ? 'problem'
    : 'lifecycle'
}

const kept = 1000

/** Newest first, none twice. */
export function withEvents(before: readonly BerthEvent[], more: readonly BerthEvent[]): readonly BerthEvent[] {
  const newest = before[0]?.seq ?? 0
  return [...more.filter(({ seq }) => seq > newest)].reverse().concat(before).slice(0, kept)
}
