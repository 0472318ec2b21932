import { z } from 'zod'
import { sandboxId, threadId, userId } from './identity.ts'

/** Names one sandbox: by its id, or by the thread it belongs to. */
export const selection = {
  id: sandboxId.optional().describe('The sandbox, by id. Give this or `thread`.'),
  thread: threadId.optional().describe('The sandbox, by its thread.'),
  user: userId.default('default').describe('Whose thread; goes with `thread`.'),
}

/** A call's input with a selection in it: exactly one of `id` and `thread`. */
export function selecting<T extends z.ZodRawShape>(shape: T) {
  return z
    .strictObject({ ...selection, ...shape })
    .refine((input) => ((input as { id?: string }).id === undefined) !== ((input as { thread?: string }).thread === undefined), {
      message: 'Give either `id` or `thread`',
      path: ['id'],
    })
}
export type Selection = { id?: string | undefined; thread?: string | undefined; user: string }
