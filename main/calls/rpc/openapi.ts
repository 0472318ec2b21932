import { z } from 'zod'
import { type CallRow, commonErrors } from '../../../shared/call.ts'
import { calls, contractVersion } from '../../../shared/contract.ts'
import { type ErrorCode, errorCodes, errorData } from '../../../shared/errors.ts'

type Json = Record<string, unknown>

/** Every call of the contract as OpenAPI 3.1. */
export function openApiDocument(version: string): Json {
  const rows = Object.entries(calls as Record<string, CallRow>)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Berth',
      version,
      description:
        'Sandboxes for AI agents: each thread gets its own, the same one every turn. Errors are `{ "error": ... }` with a ' +
        'stable `code`. With `Accept: text/event-stream` or `application/x-ndjson` a call answers in chunks and then with ' +
        'its result; who hangs up ends the call, and a command with it. What came in chunks is not repeated in the result: of `exec` ' +
        '`stdout` and `stderr` are empty there (`repeat_output` brings them back), of `logs` `lines` is. No line of output is longer than 512 KiB.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { apiKey: [] }],
    paths: {
      ...Object.fromEntries(rows.map(([name, row]) => [`/berth/v1/${name}`, pathItem(name, row)])),
      '/health': { get: { ...operation('health', calls.health), operationId: 'health', parameters: queryParameters(calls.health) } },
    },
    components: {
      schemas: { Error: schema(z.object({ error: errorData })) },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: "The home's token: in the file that bridge.json names." },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
    'x-contract-version': contractVersion,
  }
}

function pathItem(name: string, row: CallRow): Json {
  const post = {
    ...operation(name, row),
    operationId: row.kind === 'read' ? `${name}_post` : name,
    requestBody: { required: row.kind !== 'read', content: { 'application/json': { schema: schema(row.input, 'input') } } },
  }
  if (row.kind !== 'read') return { post }
  const get = { ...operation(name, row), operationId: name === 'health' ? 'health_v1' : name, parameters: queryParameters(row) }
  return { get, post }
}

function operation(name: string, row: CallRow): Json {
  return {
    summary: row.summary,
    tags: [row.scope],
    ...(row.scope === 'open' ? { security: [] } : {}),
    responses: { 200: answer(row), ...failures([...commonErrors, ...row.errors]) },
    'x-scope': row.scope,
    'x-kind': row.kind,
    'x-call': name,
  }
}

function answer(row: CallRow): Json {
  const result = schema(row.result)
  if (!row.chunk) return { description: 'The result.', content: { 'application/json': { schema: result } } }
  const one = (key: string, value: unknown): Json => ({ type: 'object', properties: { [key]: value }, required: [key] })
  const lines = { oneOf: [one('chunk', schema(row.chunk)), one('result', result), { $ref: '#/components/schemas/Error' }] }
  return {
    description: 'The result; in a stream, chunks and then the result or an error.',
    content: {
      'application/json': { schema: result },
      'application/x-ndjson': { schema: lines },
      'text/event-stream': { schema: { type: 'string', description: 'Events `chunk`, then `result` or `error`; data is JSON.' } },
    },
  }
}

/** One response for each status, naming the codes that have it. */
function failures(codes: readonly ErrorCode[]): Json {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of new Set(codes)) {
    const status = errorCodes[code].http
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, its]) => [
      status,
      {
        description: its.map((code) => `${code}${errorCodes[code].retry ? ' (may be tried again)' : ''}`).join(', '),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
        'x-codes': its,
      },
    ]),
  )
}

function queryParameters(row: CallRow): Json[] {
  const { properties = {}, required = [] } = schema(row.input, 'input') as { properties?: Record<string, Json>; required?: string[] }
  return Object.entries(properties).map(([name, it]) => {
    const { description, ...rest } = it
    return { name, in: 'query', required: required.includes(name), ...(description ? { description } : {}), schema: rest }
  })
}

/** OpenAPI 3.1 speaks JSON schema 2020-12 itself, so only the marker goes. */
function schema(of: z.ZodType, io: 'input' | 'output' = 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(of, { io }) as Json
  return rest
}
