import { createHash, createHmac } from 'node:crypto'
import { z } from 'zod'
import type { CallRow } from '../../../shared/call.ts'
import { calls, contractVersion } from '../../../shared/contract.ts'
import type { TopicRow } from '../../../shared/topic.ts'
import { topics } from '../../../shared/topics.ts'

/** What two sides compare before they talk. */
export interface ContractId {
  readonly version: number
  readonly hash: string
}

/** sha256 over every call and topic as JSON schema: differs as soon as one side knows a field that the other does not. Takes ~20 ms. */
export function contractId(): ContractId {
  const callRows = inOrder(calls as Record<string, CallRow>).map(([name, row]) => ({
    name,
    scope: row.scope,
    kind: row.kind,
    errors: row.errors,
    input: z.toJSONSchema(row.input, { io: 'input' }),
    result: z.toJSONSchema(row.result),
    chunk: row.chunk ? z.toJSONSchema(row.chunk) : null,
  }))
  const topicRows = inOrder(topics as Record<string, TopicRow>).map(([name, row]) => ({
    name,
    scope: row.scope,
    pressure: row.pressure,
    params: z.toJSONSchema(row.params, { io: 'input' }),
    event: z.toJSONSchema(row.event),
    up: z.toJSONSchema(row.up),
  }))
  return {
    version: contractVersion,
    hash: createHash('sha256')
      .update(JSON.stringify([callRows, topicRows]))
      .digest('hex'),
  }
}

function inOrder<T>(rows: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(rows).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Shows knowledge of the token without showing the token: HMAC-SHA256(token, nonce), hex. */
export function proofOf(token: string, nonce: string): string {
  return createHmac('sha256', token).update(nonce).digest('hex')
}
