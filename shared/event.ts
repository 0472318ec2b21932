import { z } from 'zod'

/** What happened, who did it: a line of the event log and of the event stream. */
export const berthEvent = z.object({
  seq: z.number().int().describe('Rises by one within one engine instance.'),
  at: z.iso.datetime(),
  type: z.string().describe('sandbox.active, sandbox.replaced, capacity.over, engine.lost, ...'),
  who: z.string().describe('Who caused it: a holder, `client:<token>`, or `berth:<part>`.'),
  sandbox: z.string().optional(),
  user: z.string().optional(),
  thread: z.string().nullable().optional(),
  text: z.string().describe('One sentence for a person.'),
  details: z.record(z.string(), z.unknown()).optional(),
})
export type BerthEvent = z.infer<typeof berthEvent>
export type NewEvent = Omit<BerthEvent, 'seq' | 'at'>
