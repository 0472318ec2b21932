import type { CallToolResult, ServerContext } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { CallRow } from '../../shared/call.ts'
import { asBerthError, BerthError, fail } from '../../shared/errors.ts'
import type { Log } from '../log.ts'
import { parseInput } from '../rpc/parse-input.ts'
import { answer, failure } from './answers.ts'
import { progressOf } from './progress.ts'
import type { McpSession } from './session.ts'
import type { Tool } from './tool.ts'

interface Deps {
  readonly session: McpSession
  readonly log: Log
  /** Which program shook hands; undefined in the protocol where each request says so. */
  readonly program: () => string | undefined
}

/** Where a request of 2026-07-28 says which program sends it. */
const clientInfo = z.object({ 'io.modelcontextprotocol/clientInfo': z.object({ name: z.string() }) })

/** Runs a tool. Whatever fails is a result that says so: never a protocol error, which a model does not get to see. */
export function callTool(tool: Tool, raw: unknown, context: ServerContext, deps: Deps): Promise<CallToolResult> {
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
  const stop = (event: Event) => abort((event.target as AbortSignal).reason)
  const abort = (reason: unknown) =>
    controller.abort(reason instanceof BerthError ? reason : fail('CANCELLED', 'The call was cancelled by its client', { next: 'Call again.', cause: reason }))
  for (const signal of signals) {
    if (signal?.aborted) abort(signal.reason)
    signal?.addEventListener('abort', stop, { once: true })
  }
  return {
    signal: controller.signal,
    close: () => {
      for (const signal of signals) signal?.removeEventListener('abort', stop)
    },
  }
}
