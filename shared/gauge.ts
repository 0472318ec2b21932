import { z } from 'zod'

/** What one sandbox uses at a moment. */
export const gauge = z.object({
  cpu: z.number().nullable().describe("Per cent of one CPU's time since the sample before; null: not known yet."),
  cpu_limit: z.number().nullable().describe('CPUs it may use; null: all.'),
  memory: z.number().nullable().describe('Bytes, without the page cache.'),
  memory_limit: z.number().nullable().describe('Bytes; null: none.'),
})
export type Gauge = z.infer<typeof gauge>

export const usage = gauge.extend({
  at: z.iso.datetime(),
  pids: z.number().int().nullable(),
  net_in: z.number().nullable().describe('Bytes since it began.'),
  net_out: z.number().nullable(),
  disk_read: z.number().nullable(),
  disk_written: z.number().nullable(),
})
export type Usage = z.infer<typeof usage>
