import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { CallRow } from '../../shared/call.ts'
import { calls, contractVersion } from '../../shared/contract.ts'

/** What two sides compare before they talk. */
export interface ContractId { readonly version: number; readonly hash: string }

/** sha256 over every row as JSON schema: differs as soon as one side knows a field that the other does not. Takes ~15 ms. */
export function contractId(): ContractId {
  const rows = Object.entries(calls as Record<string, CallRow>)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, row]) => ({
      name,
      scope: row.scope,
      kind: row.kind,
      errors: row.errors,
      input: z.toJSONSchema(row.input, { io: 'input' }),
      result: z.toJSONSchema(row.result),
      chunk: row.chunk ? z.toJSONSchema(row.chunk) : null,
    }))
  return { version: contractVersion, hash: createHash('sha256').update(JSON.stringify(rows)).digest('hex') }
}
