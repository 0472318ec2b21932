import { z } from 'zod'
import { calls } from '../../../shared/contract.ts'
import { threadId } from '../../../shared/identity.ts'
import type { Manner } from './session.ts'
import type { Work } from './tool.ts'

/** The ways in which a tool's input names a sandbox; none of them: that of the session's own thread. */
export const where = {
  thread: threadId.optional().describe("The thread whose sandbox is meant. Left out: this session's own."),
  id: calls.get.input.shape.id.describe('The sandbox by its id instead, as sandbox_list shows it. Seldom needed.'),
}

export const onlySelection = z.strictObject(where)

/** A tool's input as it is listed for a client: where nothing remembers a thread, the thread must be named. */
export function asListed(input: z.ZodObject, { ownThread, prefix }: Manner): z.ZodObject {
  if (ownThread || !('thread' in input.shape)) return input
  const begins = prefix === '' ? '' : ` It begins with \`${prefix}\`.`
  const thread = threadId.describe(
    `A name of your choice for what you work on, like \`${prefix}fix-login\`: the same name is the same sandbox with the same files, in every call.${begins}`,
  )
  const id = where.id.describe('The sandbox by its id, as sandbox_list shows it; `thread` is then not looked at. Seldom needed.')
  return input.extend({ thread, ...('id' in input.shape ? { id } : {}) })
}

/** What a tool that works in a sandbox tells beside its call's result. */
export const notes = {
  notes: z.array(z.string()).describe('What should be known about the sandbox or the answer, like what was cut.'),
}

export type Place = { readonly id: string } | { readonly thread: string; readonly user: string }

/**
 * The sandbox that a call is about, held by this session: one that is not there, or was reaped or replaced meanwhile, is made
 * first, so that a model need not think of it. One named by its id is only used.
 */
export async function placeOf(args: { thread?: string | undefined; id?: string | undefined }, work: Work): Promise<{ place: Place; notes: string[] }> {
  const { session, signal, progress } = work
  if (args.id !== undefined) return { place: { id: args.id }, notes: [] }
  const thread = session.threadOf(args.thread)
  const got = await session.acquire({ thread }, { signal, onChunk: (chunk) => progress.say(chunk.text) })
  const replaced = got.was_replaced ? ['The sandbox was replaced since the last call: only what is below /mnt/user-data is still there.'] : []
  return { place: { thread, user: session.user }, notes: [...replaced, ...got.warnings] }
}
