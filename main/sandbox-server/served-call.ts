import type { IncomingMessage, ServerResponse } from 'node:http'
import { isAbsolute, join } from 'node:path'
import { parseJson, TooDeep } from '../../shared/parse-json.ts'
import { InvalidRequest, RequestError } from './reply.ts'
import { ledInward, type StandIns } from './stand-ins.ts'
import type { Workspace } from './workspace.ts'

/** Largest JSON body taken, in bytes. */
export const bodyLimit = 64 * 1024 * 1024

/** What paths mean here. */
export interface Places {
  readonly workspace: Workspace
  readonly standIns: StandIns | null
}

/** One HTTP request on its way through a handler. */
export class Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  /** What stood in the `{}` places of the route. */
  readonly params: readonly string[]
  readonly #places: Places

  constructor(request: IncomingMessage, response: ServerResponse, query: URLSearchParams, params: readonly string[], places: Places) {
    this.request = request
    this.response = response
    this.query = query
    this.params = params
    this.#places = places
  }

  /** Where a path that a caller names leads: a relative one from where commands start, which is not where this server was started. */
  place(path: string): string {
    const { workspace, standIns } = this.#places
    const whole = path === '' || isAbsolute(path) ? path : join(workspace.path(), path)
    return standIns?.inward(whole) ?? whole
  }

  /** The client went away before it had its answer. */
  get gone(): boolean {
    return this.response.destroyed || this.request.socket.destroyed
  }

  /** Runs when the client goes away first; gives back how to stop listening. */
  onGone(run: () => void): () => void {
    const listener = (): void => {
      if (!this.response.writableEnded) run()
    }
    this.response.once('close', listener)
    return () => this.response.off('close', listener)
  }

  /** The body as JSON; undefined where there is none. */
  async json(): Promise<unknown> {
    if (Number(this.request.headers['content-length'] ?? 0) > bodyLimit) throw tooLarge()
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of this.request) {
      const bytes = chunk as Buffer
      size += bytes.length
      if (size > bodyLimit) throw tooLarge()
      chunks.push(bytes)
    }
    if (size === 0) return undefined
    try {
      const body = parseJson(Buffer.concat(chunks, size).toString('utf8'))
      return ledInward(body, this)
    } catch (cause) {
      // FastAPI, too, says 400 to a body that it cannot walk, and 422 to what is no JSON.
      if (cause instanceof TooDeep) throw new RequestError(400, cause.message, 'Send flatter JSON')
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new InvalidRequest([{ loc: ['body', 0], msg: `JSON decode error: ${reason}`, type: 'json_invalid' }])
    }
  }
}

function tooLarge(): RequestError {
  return new RequestError(413, `Request body is larger than ${bodyLimit} bytes`, 'Use /v1/file/upload for large files')
}
