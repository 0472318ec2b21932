import type { ToolAnnotations } from '@modelcontextprotocol/server'
import type { z } from 'zod'
import type { Found } from './answers.ts'
import type { Progress } from './progress.ts'
import type { Manner, McpSession } from './session.ts'

/** One tool call under way. */
export interface Work {
  readonly session: McpSession
  /** Aborted by a cancel, by the client's going away and by the session's end; the reason is a BerthError. */
  readonly signal: AbortSignal
  readonly progress: Progress
}

/** A tool as a model sees it. Its schemas are made of the rows of the contract. */
export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string | ((manner: Manner) => string)
  readonly annotations: ToolAnnotations
  readonly input: z.ZodObject
  /** What is in the result beside this is left out, so that a newer engine's fields do not break a client's validation. */
  readonly output: z.ZodType
  run(args: unknown, work: Work): Promise<Found>
}

/** Types a tool by its schemas, then forgets the types: callers have raw arguments. */
export function tool<I extends z.ZodObject, O extends z.ZodType>(
  it: Omit<Tool, 'input' | 'output' | 'run'> & {
    readonly input: I
    readonly output: O
    run(args: z.output<I>, work: Work): Promise<{ readonly text: string; readonly data: z.input<O> }>
  },
): Tool {
  return {
    ...it,
    async run(args, work) {
      const { text, data } = await it.run(args as z.output<I>, work)
      return { text, data: it.output.parse(data) as Record<string, unknown> }
    },
  }
}

/** Hints of a tool: derived from the kind of its row, where nothing else is said. All work inside of a sandbox. */
export function hints(kind: 'read' | 'write' | 'destroy', more: ToolAnnotations = {}): ToolAnnotations {
  return { readOnlyHint: kind === 'read', destructiveHint: kind === 'destroy', idempotentHint: kind !== 'write', openWorldHint: false, ...more }
}
