import { errorCodes, type ErrorCode, toErrorData } from '../../../shared/errors.ts'
import { type Dialect, jsonRefusal } from '../dialect.ts'

/** JSON-RPC 2.0's own codes; all else is the server's to number, and has Berth's code in its `data`. */
const codes: Partial<Record<ErrorCode, number>> = { BAD_INPUT: -32600, TOO_LARGE: -32600, UNSUPPORTED_MEDIA_TYPE: -32600, INTERNAL: -32603 }
const notJson = -32700
const ours = -32000

/** MCP's: a JSON-RPC error without an id, as what failed before a message was read belongs to none. */
export const rpcDialect: Dialect = {
  prefix: '/mcp',
  refusal(error) {
    const code = error.details?.['reason'] === 'not-json' ? notJson : (codes[error.code] ?? ours)
    const message = `${error.message}. ${error.next}`
    return jsonRefusal(errorCodes[error.code].http, { jsonrpc: '2.0', error: { code, message, data: toErrorData(error) }, id: null })
  },
}
