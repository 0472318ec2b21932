import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as OldStdio } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as OldHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js'

export interface Told {
  readonly progress: number
  readonly message?: string | undefined
}

export interface ToolResult {
  readonly isError?: boolean | undefined
  readonly text: string
  readonly data: Record<string, unknown>
  readonly meta: Record<string, unknown>
  /** As it came, to be measured. */
  readonly raw: unknown
}

export interface ListedTool {
  readonly name: string
  readonly description?: string | undefined
  readonly inputSchema: Record<string, unknown>
  readonly outputSchema?: Record<string, unknown> | undefined
  readonly annotations?: Record<string, unknown> | undefined
}

/** A real MCP client, whichever. */
export interface Mcp {
  tools(): Promise<ListedTool[]>
  call(name: string, args?: Record<string, unknown>, options?: { onProgress?: (told: Told) => void; signal?: AbortSignal }): Promise<ToolResult>
  version(): string | undefined
  instructions(): string | undefined
  /** Says goodbye as the protocol has it: DELETE over HTTP, the end of the pipe over stdio. */
  end(): Promise<void>
  /** Drops its connections without a word. */
  drop(): Promise<void>
}

export type Kind = 'handshake' | '2026' | 'sdk-1'
export const kinds: readonly Kind[] = ['handshake', '2026', 'sdk-1']

const info = { name: 'berth-test', version: '1.0.0' }

function resultOf(raw: unknown): ToolResult {
  const { content, structuredContent, isError, _meta } = raw as {
    content: { type: string; text: string }[]
    structuredContent?: Record<string, unknown>
    isError?: boolean
    _meta?: Record<string, unknown>
  }
  return { isError, text: content.map(({ text }) => text).join('\n'), data: structuredContent ?? {}, meta: _meta ?? {}, raw }
}

export async function overHttp(kind: Kind, url: string, token: string, headers: Record<string, string> = {}): Promise<Mcp> {
  const options = { requestInit: { headers: { authorization: `Bearer ${token}`, ...headers } } }
  if (kind === 'sdk-1') {
    const transport = new OldHttp(new URL(url), options)
    return await old(transport, () => transport.terminateSession())
  }
  const transport = new StreamableHTTPClientTransport(new URL(url), options)
  return await recent(kind, transport, () => transport.terminateSession())
}

export async function overStdio(kind: Kind, server: { command: string; args: string[]; env: Record<string, string> }): Promise<Mcp> {
  if (kind === 'sdk-1') return await old(new OldStdio({ ...server, stderr: 'ignore' }), async () => undefined)
  return await recent(kind, new StdioClientTransport({ ...server, stderr: 'ignore' }), async () => undefined)
}

async function recent(kind: Kind, transport: StreamableHTTPClientTransport | StdioClientTransport, goodbye: () => Promise<void>): Promise<Mcp> {
  const client = new Client(info, { versionNegotiation: { mode: kind === '2026' ? 'auto' : 'legacy' } })
  await client.connect(transport)
  return {
    tools: async () => (await client.listTools()).tools as ListedTool[],
    async call(name, args = {}, { onProgress, signal } = {}) {
      const options = { timeout: 100_000, ...(onProgress ? { onprogress: onProgress } : {}), ...(signal ? { signal } : {}) }
      return resultOf(await client.callTool({ name, arguments: args }, options))
    },
    version: () => client.getNegotiatedProtocolVersion(),
    instructions: () => client.getInstructions(),
    async end() {
      await goodbye()
      await client.close()
    },
    drop: () => client.close(),
  }
}

async function old(transport: OldHttp | OldStdio, goodbye: () => Promise<void>): Promise<Mcp> {
  const client = new OldClient(info)
  // Its own types disagree under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<OldClient['connect']>[0])
  return {
    tools: async () => (await client.listTools()).tools as ListedTool[],
    async call(name, args = {}, { onProgress, signal } = {}) {
      const options = { timeout: 100_000, ...(onProgress ? { onprogress: onProgress } : {}), ...(signal ? { signal } : {}) }
      return resultOf(await client.callTool({ name, arguments: args }, CallToolResultSchema, options))
    },
    version: () => undefined,
    instructions: () => client.getInstructions(),
    async end() {
      await goodbye()
      await client.close()
    },
    drop: () => client.close(),
  }
}
