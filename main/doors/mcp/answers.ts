import type { CallToolResult } from '@modelcontextprotocol/server'
import { fail, toErrorData } from '../../../shared/errors.ts'

/** Bytes of one tool result as JSON. The Python SDK refuses an event above 1,048,576; the rest is for what is around it. */
const resultLimit = 1_000_000

/** Bytes of what a tool found. Half of the result, as it stands there twice: once as text, once structured. */
export const contentLimit = 480_000

/** Bytes that a text takes in JSON, quotes left out; counting stops above `limit`. */
export function jsonBytes(text: string, limit = Infinity): number {
  let bytes = 0
  for (let at = 0; at < text.length && bytes <= limit; at++) bytes += costAt(text, at)
  return bytes
}

export interface Cut {
  readonly text: string
  /** Characters left out of the middle; 0: it is whole. */
  readonly left: number
}

/** Both ends of a text, so that it takes at most `limit` bytes in JSON, with a note between them. */
export function cutMiddle(text: string, limit: number): Cut {
  if (jsonBytes(text, limit) <= limit) return { text, left: 0 }
  const half = Math.max(0, (limit - 100) / 2)
  let head = 0
  for (let bytes = 0; head < text.length; head++) {
    bytes += costAt(text, head)
    if (bytes > half) break
  }
  let tail = text.length
  for (let bytes = 0; tail > head; tail--) {
    bytes += costAt(text, tail - 1)
    if (bytes > half) break
  }
  // Neither end stops within a surrogate pair.
  if (isLow(text, head)) head--
  if (isLow(text, tail)) tail++
  const left = tail - head
  return { text: `${text.slice(0, head)}\n[... ${left} characters left out ...]\n${text.slice(tail)}`, left }
}

/** Two texts that share a limit: what one does not need the other may have. */
export function cutBoth(first: string, second: string, limit: number): [Cut, Cut] {
  const half = limit / 2
  const one = jsonBytes(first, limit)
  const two = jsonBytes(second, limit)
  return [cutMiddle(first, Math.max(half, limit - two)), cutMiddle(second, Math.max(half, limit - one))]
}

/** As many items from the beginning as take at most `limit` bytes as JSON. */
export function firstThatFit<T>(items: readonly T[], limit: number): T[] {
  let bytes = 2
  const end = items.findIndex((item) => {
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1
    return bytes > limit
  })
  return end < 0 ? [...items] : items.slice(0, end)
}

/** As `JSON.stringify` and UTF-8 write it. Each half of a surrogate pair counts as half of its four bytes. */
function costAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code < 0x20) return code === 8 || code === 9 || code === 10 || code === 12 || code === 13 ? 2 : 6
  if (code === 0x22 || code === 0x5c) return 2
  if (code < 0x80) return 1
  if (code < 0x800) return 2
  if (code < 0xd800 || code > 0xdfff) return 3
  return isLow(text, at) || isLow(text, at + 1) ? 2 : 6
}

/** Whether the second half of a surrogate pair stands there. */
function isLow(text: string, at: number): boolean {
  const low = text.charCodeAt(at)
  const high = text.charCodeAt(at - 1)
  return low >= 0xdc00 && low <= 0xdfff && high >= 0xd800 && high <= 0xdbff
}

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
