import { z } from 'zod'
import { errorData } from '../errors.ts'

/** Unacknowledged bytes that one subscription may have under way. */
export const creditBytes = 262_144

const id = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).describe("The client's own number for a call or a subscription.")

/**
 * What a client sends: over a WebSocket as JSON text, over a MessagePort as it is. `hello` is the first frame of a WebSocket
 * and carries the key (a session's, or a token); a MessagePort needs none.
 */
export const clientFrame = z.discriminatedUnion('k', [
  z.strictObject({
    k: z.literal('hello'),
    key: z.string().max(200),
    contract: z.object({ version: z.number().int(), hash: z.string() }),
    app: z.string().max(40),
  }),
  z.strictObject({ k: z.literal('call'), id, name: z.string().max(60), input: z.unknown(), stream: z.boolean().optional() }),
  z.strictObject({ k: z.literal('cancel'), id }),
  z.strictObject({ k: z.literal('sub'), id, topic: z.string().max(60), params: z.unknown() }),
  z.strictObject({ k: z.literal('up'), id, data: z.unknown() }),
  z.strictObject({ k: z.literal('ack'), id, bytes: z.number().int().min(0) }),
  z.strictObject({ k: z.literal('unsub'), id }),
])
export type ClientFrame = z.infer<typeof clientFrame>
/** Of what is no such frame, enough to answer whoever waits for it. */
export const askingFrame = z.object({ k: z.enum(['call', 'sub']), id })

export const hello = z.object({
  k: z.literal('hello'),
  version: z.string().describe("The engine's."),
  contract: z.object({ version: z.number().int(), hash: z.string() }),
  instance: z.string(),
  session: z.string().nullable().describe('Id of the session that the key belongs to; null: a token.'),
})

/** What the engine sends. `bytes` of an event are what its acknowledgement gives back. */
export const serverFrame = z.discriminatedUnion('k', [
  hello,
  z.object({ k: z.literal('result'), id, value: z.unknown() }),
  z.object({ k: z.literal('error'), id, error: errorData }),
  z.object({ k: z.literal('chunk'), id, chunk: z.unknown() }),
  z.object({ k: z.literal('event'), id, event: z.unknown(), bytes: z.number().int() }),
  z.object({ k: z.literal('end'), id, error: errorData.nullable() }),
])
export type ServerFrame = z.infer<typeof serverFrame>
export type Hello = z.infer<typeof hello>

/** Two ends of a pipe for frames, whatever it is made of. */
export interface FramePort<Out, In> {
  send(frame: Out): void
  /** Called once, before the first frame can come. */
  listen(listener: { frame(frame: In): void; closed(reason: string): void }): void
  /** `why`: told to the other side, as far as the pipe can. */
  close(why?: { readonly code: string; readonly message: string }): void
  /** Bytes that the pipe still holds back; absent: it holds none. */
  waiting?(): number
}
