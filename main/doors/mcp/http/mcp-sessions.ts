import { randomUUID } from 'node:crypto'
import { isInitializeRequest, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server'
import { fail } from '../../../../shared/errors.ts'
import type { Log } from '../../../base/log.ts'
import { createMcpServer } from '../mcp-server.ts'
import type { McpSession } from '../session.ts'
import type { Caller } from '../../../house/tokens/caller.ts'
import type { Limits } from '../../http/body.ts'

/** One client that has shaken hands: protocols up to 2025-11-25. */
interface Entry {
  readonly id: string
  /** The token's name: nobody else may use the session, whatever they know. */
  readonly owner: string
  readonly transport: WebStandardStreamableHTTPServerTransport
  readonly session: McpSession
  close(): Promise<void>
  /** Exchanges under way, open event streams included. */
  open: number
  lastUsed: number
  /** It had an event stream for server messages, so that losing that one says something. */
  listened: boolean
  letGo: boolean
}

/** The sessions of the handshake protocols. Whoever goes without a word is noticed, and what it held is given back. */
export interface McpSessions {
  /** Answers a request of these protocols. Null: there is no such session of this owner. */
  answer(request: Request, body: unknown, owner: Caller): Promise<{ response: Response; done: () => void } | null>
  close(): Promise<void>
}

export function mcpSessions(deps: { limits: Limits; log: Log; now: () => number; open: (request: Request) => McpSession }): McpSessions {
  const { limits, log, now } = deps
  const entries = new Map<string, Entry>()
  let sweeper: NodeJS.Timeout | null = null

  /** A client that ends without DELETE closes its connections: first its holds go, much later the session itself. */
  function sweep(): void {
    for (const entry of entries.values()) {
      const quiet = entry.open > 0 ? 0 : now() - entry.lastUsed
      if (quiet > limits.mcpIdle) void entry.close()
      else if (entry.listened && !entry.letGo && quiet > limits.mcpGone) {
        entry.letGo = true
        void entry.session.letGo()
      }
    }
  }

  function rest(): void {
    if (sweeper) clearInterval(sweeper)
    sweeper = null
  }

  async function begin(request: Request, owner: Caller): Promise<Entry> {
    if (entries.size >= limits.mcpSessions) await makeRoom()
    const id = randomUUID()
    const session = deps.open(request)
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      // A DELETE is answered when everything is given back.
      onsessionclosed: () => entry.close(),
    })
    const server = createMcpServer({ session, log })
    const revoked = () => void entry.close()
    let closing: Promise<void> | null = null
    const entry: Entry = {
      id,
      owner: owner.name,
      transport,
      session,
      open: 0,
      lastUsed: now(),
      listened: false,
      letGo: false,
      close() {
        closing ??= (async () => {
          entries.delete(id)
          if (entries.size === 0) rest()
          owner.revoked.removeEventListener('abort', revoked)
          await session.close()
          await server.close()
        })()
        return closing
      },
    }
    server.server.onclose = () => void entry.close()
    owner.revoked.addEventListener('abort', revoked)
    entries.set(id, entry)
    sweeper ??= setInterval(sweep, Math.max(20, Math.min(15_000, limits.mcpGone / 2))).unref()
    await server.connect(transport)
    return entry
  }

  async function makeRoom(): Promise<void> {
    const quiet = [...entries.values()].filter(({ open }) => open === 0)
    const oldest = quiet.reduce<Entry | null>((old, entry) => (old && old.lastUsed <= entry.lastUsed ? old : entry), null)
    if (!oldest) {
      throw fail('CAPACITY_REJECTED', `There are ${limits.mcpSessions} MCP sessions, all in use`, { next: 'End one of them, then connect again.' })
    }
    await oldest.close()
  }

  return {
    async answer(request, body, owner) {
      const named = request.headers.get('mcp-session-id')
      const first = named === null && request.method === 'POST' && isInitializeRequest(body)
      const entry = first ? await begin(request, owner) : entries.get(named ?? '')
      if (!entry || entry.owner !== owner.name) return null
      entry.open++
      entry.letGo = false
      const done = () => {
        entry.open--
        entry.lastUsed = now()
      }
      try {
        const response = await entry.transport.handleRequest(request, body === undefined ? {} : { parsedBody: body })
        if (request.method === 'GET' && response.ok) entry.listened = true
        // A handshake that was refused, say for its Accept header, begins nothing.
        if (first && entry.transport.sessionId === undefined) await entry.close()
        return { response, done }
      } catch (error) {
        done()
        throw error
      }
    },
    async close() {
      await Promise.all([...entries.values()].map((entry) => entry.close()))
    },
  }
}
