import type { Readable, Writable } from 'node:stream'
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { onAbort } from '../../../shared/abort.ts'
import type { Log } from '../../base/log.ts'
import { lazyCalls, type OpenedCalls } from './lazy-calls.ts'
import { createMcpServer } from './mcp-server.ts'
import { openSession } from './session.ts'

export interface StdioOptions {
  readonly stdin: Readable
  /** Carries the protocol and nothing else. */
  readonly stdout: Writable
  /** Called at the first call of a tool that needs the engine. */
  readonly open: () => Promise<OpenedCalls>
  readonly thread: string | undefined
  readonly user: string | undefined
  readonly signal: AbortSignal
  readonly log: Log
}

/** Bytes of one message: as much as the bridge takes in a body. */
const messageLimit = 37_748_736

/**
 * Serves one MCP client over standard input and output, whatever protocol it begins with, until its end of the pipe closes or the
 * signal ends it. Then what the client held is given back.
 */
export async function serveMcp(options: StdioOptions): Promise<void> {
  const { log } = options
  const calls = lazyCalls(options.open)
  const session = openSession({ calls, thread: options.thread, user: options.user, problem: (text, cause) => log('warn', text, cause) })
  const transport = new StdioServerTransport(options.stdin, options.stdout, { maxBufferSize: messageLimit })
  const handle = serveStdio(() => createMcpServer({ session, log }), { transport, onerror: (error) => log('warn', 'MCP', error) })
  await new Promise<void>((resolve) => {
    const inner = transport.onclose
    transport.onclose = () => {
      inner?.()
      resolve()
    }
    onAbort(options.signal, () => resolve())
  })
  await session.close()
  await handle.close()
  await calls.close()
}
