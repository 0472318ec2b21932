import { z } from 'zod'
import { berthEvent } from '../events.ts'
import { gauge } from '../gauge.ts'
import { houseState, patchOp } from '../state.ts'
import { topic } from '../topic.ts'

/** A call that somebody made, for the list of recent ones. Inputs are left out: they may hold secrets. */
export const callRecord = z.object({
  seq: z.number().int(),
  at: z.iso.datetime(),
  client: z.string(),
  transport: z.string().describe('http, mcp, socket, ipc, process'),
  call: z.string(),
  sandbox: z.string().nullable(),
  ms: z.number(),
  error: z.string().nullable().describe("An error's code; null: it went well."),
})
export type CallRecord = z.infer<typeof callRecord>

export const houseTopics = {
  state: topic({
    summary: 'The engine and its sandboxes: a snapshot, then numbered patches, at most one in 50 ms. After a gap, subscribe again.',
    scope: 'operator',
    pressure: 'merge',
    params: z.strictObject({}),
    event: z.discriminatedUnion('type', [
      z.object({ type: z.literal('snapshot'), seq: z.number().int(), state: houseState }),
      z.object({ type: z.literal('patch'), seq: z.number().int(), ops: z.array(patchOp) }),
    ]),
    up: z.never(),
  }),
  events: topic({
    summary: 'What happened, from the kept past on. With `sandbox` only of that one.',
    scope: 'operator',
    pressure: 'drop',
    params: z.strictObject({ sandbox: z.string().optional(), limit: z.number().int().min(0).max(1000).default(300) }),
    event: z.object({ events: z.array(berthEvent), dropped: z.number().int().describe('Lost to this subscriber just before these.') }),
    up: z.never(),
  }),
  calls: topic({
    summary: 'Recent calls of clients, newest last, and those to come.',
    scope: 'operator',
    pressure: 'drop',
    params: z.strictObject({}),
    event: z.object({ calls: z.array(callRecord), dropped: z.number().int() }),
    up: z.never(),
  }),
  gauges: topic({
    summary: 'CPU and memory of every sandbox, once in two seconds; the last 60 samples first. Measured only while somebody subscribes.',
    scope: 'operator',
    pressure: 'drop',
    params: z.strictObject({}),
    event: z.object({ samples: z.array(z.object({ at: z.iso.datetime(), sandboxes: z.record(z.string(), gauge) })) }),
    up: z.never(),
  }),
}
