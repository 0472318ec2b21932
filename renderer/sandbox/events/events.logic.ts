import type { BerthEvent } from '../../../shared/event.ts'

export type EventKind = 'lifecycle' | 'terminal' | 'problem'

export function kindOf({ type }: Pick<BerthEvent, 'type'>): EventKind {
  if (type.startsWith('terminal.')) return 'terminal'
  return type === 'berth.problem' || type === 'sandbox.failed' || type === 'sandbox.stuck' || type === 'sandbox.refused' ? 'problem' : 'lifecycle'
}

/** Who did it: Berth by itself, the person at a screen, or a client by its name. */
export function actorOf(who: string): { readonly kind: 'berth' | 'you' | 'client'; readonly name: string } {
  if (who.startsWith('berth:')) return { kind: 'berth', name: who.slice(6) }
  if (who.startsWith('session:') || who === 'desktop' || who === 'client:desktop') return { kind: 'you', name: 'you' }
  return { kind: 'client', name: who.replace(/^client:/, '').replace(/ holder:.*$/, '') }
}

const kept = 1000

/** Newest first, none twice. */
export function withEvents(before: readonly BerthEvent[], more: readonly BerthEvent[]): readonly BerthEvent[] {
  const newest = before[0]?.seq ?? 0
  return [...more.filter(({ seq }) => seq > newest)].reverse().concat(before).slice(0, kept)
}
