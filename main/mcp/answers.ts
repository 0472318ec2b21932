import type { CallToolResult } from '@modelcontextprotocol/server'
import { fail, toErrorData } from '../../shared/errors.ts'
import { cutMiddle, resultLimit } from './fit.ts'

/** What a tool found: in words for the model, and as data that fits the tool's output schema. */
export interface Found {
  readonly text: string
  readonly data: Record<string, unknown>
}

/** A result that is small enough for every client. */
export function answer({ text, data }: Found): CallToolResult {
  const result: CallToolResult = { content: [{ type: 'text', text }], structuredContent: data }
  if (Buffer.byteLength(JSON.stringify(result)) <= resultLimit) return result
  return failure(fail('TOO_LARGE', 'The result is larger than one answer may be', { next: 'Ask for less at once.' }))
}

/**
 * A tool that failed: text that a model can act on. The same as data is in `_meta` under `berth/error`, as structured content
 * would have to fit the output schema (the TypeScript SDK 1.x checks that for failures, too).
 */
export function failure(thrown: unknown): CallToolResult {
  const error = toErrorData(thrown)
  const short = (text: string) => cutMiddle(text, 10_000).text
  const lines = [
    `${error.code}: ${short(error.message)}`,
    error.cause === undefined || error.message.includes(error.cause) ? '' : `Cause: ${short(error.cause)}`,
    `Next: ${short(error.next)}`,
    error.retry ? 'The same call may succeed later.' : 'The same call will fail again.',
  ]
  return {
    isError: true,
    content: [{ type: 'text', text: lines.filter((line) => line !== '').join('\n') }],
    _meta: { 'berth/error': { code: error.code, message: short(error.message), next: short(error.next), retry: error.retry } },
  }
}
