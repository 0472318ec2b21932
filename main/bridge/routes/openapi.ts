import { openApiDocument } from '../../rpc/openapi.ts'
import { sendJson } from '../respond.ts'
import { onlyMethods, type Route } from '../route.ts'

const paths = new Set(['/openapi.json', '/berth/v1/openapi.json'])

/** The contract as OpenAPI 3.1. Open: it is the same text for every Berth of this version and says nothing of this one. */
export function openApiRoute(deps: { version: string }): Route {
  let made: unknown
  return {
    takes: ({ path }) => paths.has(path),
    open: () => true,
    async answer(exchange) {
      const { response } = exchange
      onlyMethods(exchange, 'GET')
      made ??= openApiDocument(deps.version)
      sendJson(response, 200, made)
    },
  }
}
