import { z } from 'zod'
import { sandboxId } from './identity.ts'

/** A terminal session in a sandbox: lives in the engine, whoever looks at it. */
export const terminal = z.object({
  id: z.string(),
  sandbox: sandboxId,
  title: z.string().describe('Terminal 1, Terminal 2, ...'),
  created_at: z.iso.datetime(),
  cols: z.number().int(),
  rows: z.number().int(),
  ended: z.string().nullable().describe('Why it ended; null: it goes on.'),
})
export type Terminal = z.infer<typeof terminal>
