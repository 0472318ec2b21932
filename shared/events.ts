import { z } from 'zod'

/** Every type of event that Berth publishes, by what it is about. */
export const eventTypes = [
  'sandbox.creating',
  'sandbox.active',
  'sandbox.warm',
  'sandbox.paused',
  'sandbox.stopping',
  'sandbox.failed',
  'sandbox.gone',
  'sandbox.lost',
  'sandbox.replaced',
  'sandbox.stuck',
  'sandbox.oom',
  'sandbox.rotated',
  'sandbox.removed',
  'sandbox.refused',
  'holder.renamed',
  'address.copied',
  'thread.forgotten',
  'terminal.opened',
  'terminal.closed',
  'capacity.over',
  'slots.ready',
  'slots.problem',
  'slots.stuck',
  'slots.unfit',
  'image.preparing',
  'image.ready',
  'image.failed',
  'image.cancelled',
  'engine.started',
  'engine.lost',
  'engine.back',
  'engine.unproven',
  'engine.switching',
  'config.changed',
  'config.edited',
  'config.bad',
  'token.added',
  'token.revoked',
  'token.copied',
  'session.opened',
  'session.ended',
  'session.refused',
  'provisioner.warnings',
  'provisioner.refused',
  'berth.problem',
] as const
export type EventType = (typeof eventTypes)[number]

/**
 * Why a sandbox ends: said once, in `details.cause` of the event that begins its end; the sentence is what a person reads, null where the
 * reason has words of its own. What is counted and drawn goes by `sort`.
 */
export const endCauses = {
  asked: { sort: 'asked', text: 'It was destroyed on request' },
  released: { sort: 'asked', text: 'It was anonymous and its last holder released it' },
  shutdown: { sort: 'asked', text: 'Berth shut down' },
  outdated: { sort: 'asked', text: 'It was warm and made under another configuration or version, or with other mounts' },
  evicted: { sort: 'evicted', text: 'It was warm and made room for another' },
  idle: { sort: 'reaped', text: 'It was idle for too long' },
  hint: { sort: 'reaped', text: 'Nobody came for whom it was made ready' },
  abandoned: { sort: 'reaped', text: 'It was anonymous and its holder did nothing for a while' },
  unclaimed: { sort: 'reaped', text: 'It was anonymous and nobody came for it' },
  lost: { sort: 'lost', text: null },
  failed: { sort: 'failed', text: null },
  unready: { sort: 'failed', text: null },
} as const satisfies Record<string, { readonly sort: 'asked' | 'evicted' | 'reaped' | 'lost' | 'failed'; readonly text: string | null }>
export type EndCause = keyof typeof endCauses
/** The causes with a sentence of their own. */
export type ToldCause = { [C in EndCause]: (typeof endCauses)[C]['text'] extends string ? C : never }[EndCause]

/** What happened, who did it: a line of the event log and of the event stream. */
export const berthEvent = z.object({
  seq: z.number().int().describe('Rises by one within one engine instance.'),
  at: z.iso.datetime(),
  // A text for whoever reads it: another version of Berth has other ones.
  type: z.string().describe('sandbox.active, sandbox.replaced, capacity.over, engine.lost, ...'),
  who: z.string().describe('Who caused it: a holder, `client:<token>`, or `berth:<part>`.'),
  sandbox: z.string().optional(),
  user: z.string().optional(),
  thread: z.string().nullable().optional(),
  text: z.string().describe('One sentence for a person.'),
  details: z.record(z.string(), z.unknown()).optional(),
})
export type BerthEvent = z.infer<typeof berthEvent>
export type NewEvent = Omit<BerthEvent, 'seq' | 'at' | 'type'> & { readonly type: EventType }

/** How the end that this event begins is counted and drawn; null: it begins none, or was written by a Berth that did not say. */
export function endSortOf({ details }: Pick<BerthEvent, 'details'>): (typeof endCauses)[EndCause]['sort'] | null {
  const cause = details?.['cause']
  return typeof cause === 'string' && Object.hasOwn(endCauses, cause) ? endCauses[cause as EndCause].sort : null
}
