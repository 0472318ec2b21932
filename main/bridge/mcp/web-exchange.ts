import type { ServerResponse } from 'node:http'
import type { Exchange } from '../route.ts'

/**
 * A request of the bridge as the web's `Request`, which the MCP SDK takes. Without its body: that has been read, within the
 * bridge's limits. Aborted when the caller is gone or the bridge closes.
 */
export function webRequest({ method, request, signal }: Exchange): Request {
  const headers = new Headers()
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  return new Request(`http://${request.headers.host}${request.url}`, { method, headers, signal })
}

/** Headers that are the bridge's own to set. */
const own = new Set(['cache-control', 'connection', 'content-length', 'transfer-encoding'])

/**
 * Sends the web's `Response`; a slow reader slows its source. Resolves when all of it is out, or the caller is gone. What else ends
 * an exchange (the bridge closes, a token is revoked) ends its source, which then still says so.
 */
export async function sendWeb(response: ServerResponse, answer: Response): Promise<void> {
  for (const [name, value] of answer.headers) if (!own.has(name)) response.setHeader(name, value)
  response.writeHead(answer.status)
  const reader = answer.body?.getReader()
  if (!reader) {
    response.end()
    return
  }
  response.flushHeaders()
  // What ends the source also ends the loop below, which waits for it.
  const stop = () => void reader.cancel().catch(() => undefined)
  if (response.destroyed) stop()
  response.on('close', stop)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || response.destroyed) break
      if (!response.write(value)) await drained(response)
    }
  } finally {
    response.end()
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}
