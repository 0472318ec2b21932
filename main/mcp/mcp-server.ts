import { McpServer } from '@modelcontextprotocol/server'
import type { Log } from '../log.ts'
import { version } from '../version.ts'
import { callTool } from './call-tool.ts'
import { commandTool } from './command-tool.ts'
import { fileTools } from './file-tools.ts'
import { sandboxTools } from './sandbox-tools.ts'
import { asListed } from './place.ts'
import type { Manner, McpSession } from './session.ts'
import { listed } from './standard-schema.ts'

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
