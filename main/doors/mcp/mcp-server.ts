import { type CallToolResult, McpServer, type ServerContext, type StandardSchemaWithJSON } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Log } from '../../base/log.ts'
import { version } from '../../base/version.ts'
import { commandTool } from './command-tool.ts'
import { fileTools } from './file-tools.ts'
import { sandboxTools } from './sandbox-tools.ts'
import { asListed } from './place.ts'
import type { Manner, McpSession } from './session.ts'
import { onAbort } from '../../../shared/abort.ts'
import type { CallRow } from '../../../shared/call.ts'
import { asBerthError, BerthError, fail } from '../../../shared/errors.ts'
import { parseInput } from '../../calls/rpc/dispatch.ts'
import { answer, failure } from './answers.ts'
import { progressOf } from './progress.ts'
import type { Tool } from './tool.ts'

function instructions({ ownThread }: Manner): string {
  const start = ownThread
    ? 'Start with command_run or file_write: the sandbox is made when it is first needed, and is the same one in every later call.'
    : 'Choose a name for what you work on and give it as `thread` with every call. Start with command_run or file_write: the sandbox of ' +
      'that thread is made when it is first needed, and the same name is the same sandbox in every later call.'
  return (
    'Berth gives you a Linux sandbox: a container in which you may run anything and install anything. ' +
    `${start} Only files below /mnt/user-data (workspace, uploads, outputs) are kept for good. An error says what to do next.`
  )
}

/** An MCP server for one session, or, in the protocol that has none, for one request. It is not connected yet. */
export function createMcpServer(deps: { session: McpSession; log: Log }): McpServer {
  const { manner } = deps.session
  const server = new McpServer(
    { name: 'berth', title: 'Berth', version },
    // The tools never change: nobody needs to be told, and no stream has to stay open for it.
    { capabilities: { tools: { listChanged: false } }, instructions: instructions(manner) },
  )
  for (const tool of [...sandboxTools, commandTool, ...fileTools]) {
    const { name, title, annotations } = tool
    const description = typeof tool.description === 'string' ? tool.description : tool.description(manner)
    server.registerTool(
      name,
      { title, description, annotations, inputSchema: listed(asListed(tool.input, manner)), outputSchema: listed(tool.output) },
      async (raw, context) => await callTool(tool, raw, context, { ...deps, program: () => server.server.getClientVersion()?.name }),
    )
  }
  return server
}

/**
 * A schema as the SDK wants it for the list of tools. It validates nothing: `callTool` does that, so that what is wrong
 * comes as a tool error with a code and a next step.
 */
function listed(schema: z.ZodType): StandardSchemaWithJSON<Record<string, unknown>> {
  return {
    '~standard': {
      version: 1,
      vendor: 'berth',
      validate: (value) => ({ value: value as Record<string, unknown> }),
      jsonSchema: {
        input: () => json(schema, 'input'),
        output: () => json(schema, 'output'),
      },
    },
  }
}

function json(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  return z.toJSONSchema(schema, { io }) as Record<string, unknown>
}

interface Deps {
  readonly session: McpSession
  readonly log: Log
  /** Which program shook hands; undefined in the protocol where each request says so. */
  readonly program: () => string | undefined
}

/** Where a request of 2026-07-28 says which program sends it. */
const clientInfo = z.object({ 'io.modelcontextprotocol/clientInfo': z.object({ name: z.string() }) })

/** Runs a tool. Whatever fails is a result that says so: never a protocol error, which a model does not get to see. */
function callTool(tool: Tool, raw: unknown, context: ServerContext, deps: Deps): Promise<CallToolResult> {
  return deps.session.during(run(tool, raw, context, deps))
}

async function run(tool: Tool, raw: unknown, context: ServerContext, deps: Deps): Promise<CallToolResult> {
  const said = clientInfo.safeParse(context.mcpReq.envelope)
  deps.session.calledBy(said.success ? said.data['io.modelcontextprotocol/clientInfo'].name : deps.program())
  const progress = progressOf(context)
  const ending = endingOf([
    context.mcpReq.signal,
    // In the handshake protocols the SDK goes on when the client's stream is gone; but nobody could ever read the answer.
    context.http?.req?.signal,
    deps.session.ended,
  ])
  try {
    return answer(await tool.run(argumentsOf(tool, raw), { session: deps.session, signal: ending.signal, progress }))
  } catch (thrown) {
    if (!(thrown instanceof BerthError)) deps.log('error', `The tool ${tool.name} failed unexpectedly`, thrown)
    return failure(thrown)
  } finally {
    ending.close()
    progress.close()
  }
}

function argumentsOf(tool: Tool, raw: unknown): unknown {
  try {
    return parseInput(tool.name, { input: tool.input } as Pick<CallRow, 'input'>, raw)
  } catch (thrown) {
    const { code, message, details } = asBerthError(thrown)
    throw fail(code, message, { next: "Correct the arguments as the tool's input schema says, and call again.", details })
  }
}

/** One signal of several, whose reason is a BerthError. Its listeners go at the end: some of the signals live as long as the session. */
function endingOf(signals: readonly (AbortSignal | undefined)[]): { signal: AbortSignal; close(): void } {
  const controller = new AbortController()
  const stop = ({ reason }: AbortSignal) =>
    controller.abort(reason instanceof BerthError ? reason : fail('CANCELLED', 'The call was cancelled by its client', { next: 'Call again.', cause: reason }))
  const ends = signals.map((signal) => onAbort(signal, stop))
  return {
    signal: controller.signal,
    close: () => {
      for (const end of ends) end()
    },
  }
}
