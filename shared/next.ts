import { z } from 'zod'

/** A sandbox as it is spoken of. */
const named = z.object({ id: z.string(), user: z.string(), thread: z.string().nullable() })
export type Named = z.infer<typeof named>

const slot = z.boolean().describe('It takes a slot that is ready.')

/** What becomes of the next acquire of a thread that has no sandbox, were it made now. */
export const nextAcquire = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('engine'), none: z.boolean().describe('There is none; false: it is away.') }),
  z.object({ kind: z.literal('room'), slot, room: z.number().int().describe('Places that are free.') }),
  z.object({
    kind: z.literal('evicts'),
    slot,
    who: z.array(named).describe('Who goes for it, the first one first. None: it takes the place of one that is going already.'),
  }),
  z.object({ kind: z.literal('over'), slot, nth: z.number().int().describe('As which of `replicas` it is made.') }),
  z.object({ kind: z.literal('waits'), ahead: z.number().int() }),
  z.object({ kind: z.literal('refused') }),
])
export type NextAcquire = z.infer<typeof nextAcquire>

/** What the pool does next, as it decides it itself: said before it happens. */
export const next = z.object({
  acquire: nextAcquire,
  reap: named.extend({ at: z.iso.datetime() }).nullable().describe('Which sandbox is reaped next, and when, if nothing happens; null: none.'),
})
export type Next = z.infer<typeof next>
