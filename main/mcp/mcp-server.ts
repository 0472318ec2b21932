import { McpServer } from '@modelcontextprotocol/server'
import type { Log } from '../log.ts'
import { version } from '../version.ts'
import { callTool } from './call-tool.ts'
import { commandTool } from './command-tool.ts'
import { fileTools } from './file-tools.ts'
import { sandboxTools } from './sandbox-tools.ts'
import type { McpSession } from './session.ts'
import { listed } from './standard-schema.ts'

const instructions =
  'Berth gives you a Linux sandbox: a container in which you may run anything and install anything. Start with command_run or ' +
  'file_write: the sandbox is made when it is first needed, and is the same one in every later call. Only files below ' +
  '/mnt/user-data (workspace, uploads, outputs) are kept for good. An error says what to do next.'

/** An MCP server for one session, or, in the protocol that has none, for one request. It is not connected yet. */
export function createMcpServer(deps: { session: McpSession; log: Log }): McpServer {
  const server = new McpServer(
    { name: 'berth', title: 'Berth', version },
    // The tools never change: nobody needs to be told, and no stream has to stay open for it.
    { capabilities: { tools: { listChanged: false } }, instructions },
  )
  for (const tool of [...sandboxTools, commandTool, ...fileTools]) {
    const { name, title, description, annotations } = tool
    server.registerTool(
      name,
      { title, description, annotations, inputSchema: listed(tool.input), outputSchema: listed(tool.output) },
      async (raw, context) => await callTool(tool, raw, context, deps),
    )
  }
  return server
}
