import { z } from 'zod'
import { usage } from '../gauge.ts'
import { sandboxId } from '../identity.ts'
import { topic } from '../topic.ts'

export const logLine = z.object({
  n: z.number().int().describe('Rises by one within a subscription; a gap is what was dropped.'),
  at: z.iso.datetime().nullable(),
  text: z.string(),
})
export type LogLine = z.infer<typeof logLine>

const cells = z.number().int().min(1).max(1000)

export const sandboxTopics = {
  logs: topic({
    summary: "A container's own log, from the last `tail` lines on.",
    scope: 'operator',
    pressure: 'drop',
    params: z.strictObject({ id: sandboxId, tail: z.number().int().min(0).max(100_000).default(2000) }),
    event: z.discriminatedUnion('type', [
      z.object({ type: z.literal('lines'), lines: z.array(logLine), dropped: z.number().int().describe('Lines lost just before these.') }),
      z.object({ type: z.literal('end'), reason: z.string() }),
    ]),
    up: z.never(),
  }),
  stats: topic({
    summary: 'What one sandbox uses, once a second; up to 300 earlier samples first, where they were measured.',
    scope: 'operator',
    pressure: 'drop',
    params: z.strictObject({ id: sandboxId }),
    event: z.object({ samples: z.array(usage) }),
    up: z.never(),
  }),
  terminal: topic({
    summary: 'A terminal session: its history, then what it prints. Typing goes back over `up`.',
    scope: 'operator',
    pressure: 'pause',
    params: z.strictObject({ terminal: z.string() }),
    event: z.discriminatedUnion('type', [
      z.object({ type: z.literal('replay'), data: z.string(), cols: cells, rows: cells, cut: z.boolean().describe('The beginning of the history is gone.') }),
      z.object({ type: z.literal('data'), data: z.string() }),
      z.object({ type: z.literal('size'), cols: cells, rows: cells }),
      z.object({
        type: z.literal('focus'),
        yours: z.boolean().describe('Only the viewer in focus answers queries and sets the size.'),
        viewers: z.number().int(),
      }),
      z.object({ type: z.literal('end'), reason: z.string() }),
    ]),
    up: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('input'), data: z.string().max(1_048_576) }),
      z.strictObject({
        type: z.literal('answer'),
        data: z.string().max(4096).describe("The terminal emulator's own answer to a query; taken from the viewer in focus only."),
      }),
      z.strictObject({ type: z.literal('resize'), cols: cells, rows: cells }),
      z.strictObject({ type: z.literal('focus') }),
    ]),
  }),
}
