import type { Command } from 'commander'
import { threadId, userId } from '../../shared/identity.ts'
import { readBridgeFile } from '../bridge/bridge-file.ts'
import { connect } from '../bridge/client.ts'
import { homePaths } from '../home/paths.ts'
import { action, common, type Run } from './cli.ts'
import { logTo } from './log-to.ts'
import { usage } from './select.ts'

interface McpOptions { readonly thread?: string; readonly user?: string; readonly config?: string; readonly start: boolean }

/** Gives an MCP client, which starts this command, its tools: sandboxes of the home's engine. */
export function addMcpCommand(program: Command, run: Run): void {
  common(program.command('mcp'))
    .description('serve MCP over standard input and output, for clients that start it (docs/clients.md)')
    .option('-t, --thread <thread>', 'the thread its tools use (default: BERTH_THREAD, else one of its own)')
    .option('--user <user>', 'whose thread (default: BERTH_USER, else default)')
    .option('-c, --config <file>', 'the configuration, where it has to be the engine itself')
    .option('--no-start', 'only use an engine that runs already; otherwise the first call makes this process the engine')
    .addHelpText('after', '\nExamples:\n  claude mcp add berth -- berth mcp\n  berth mcp --thread my-project\n')
    .action(
      action(run, async (cli, options: McpOptions) => {
        const { env } = cli.io
        const thread = checked('thread', threadId, options.thread ?? env['BERTH_THREAD'])
        const user = checked('user', userId, options.user ?? env['BERTH_USER'])
        const log = logTo(cli.io)
        const say = (text: string) => void cli.io.stderr.write(`berth mcp: ${text}\n`)
        // A client may pass no BERTH_HOME on: whoever reads its log of servers sees which home was meant.
        say(`for the home ${cli.home} (another one: --home, or BERTH_HOME in the client's settings)`)
        say((await engineAt(cli.home)) ?? `no engine runs there${options.start ? '; the first call makes this process the engine' : ''}`)
        const { serveMcp } = await cli.parts.mcp()
        await serveMcp({
          stdin: cli.io.stdin,
          stdout: cli.io.stdout,
          thread,
          user,
          log,
          signal: cli.signal,
          async open() {
            const opened = options.start
              ? await (await cli.parts.provider()).openProvider(cli.home, { configFile: options.config, env, log })
              : await connect(cli.home)
            say(`calls go to ${(await engineAt(cli.home)) ?? 'an engine that is just closing'}`)
            return opened
          },
        })
      }),
    )
}

/** Where the home's engine is, as it says; null: none runs. */
async function engineAt(home: string): Promise<string | null> {
  const { value } = await readBridgeFile(homePaths(home).bridge)
  if (!value || value.pid === null) return null
  return `the engine at ${value.url} (${value.pid === process.pid ? 'this process' : `pid ${value.pid}`})`
}

function checked(what: string, schema: typeof threadId, value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw usage(`--${what}: ${parsed.error.issues[0]?.message ?? 'not allowed'}`)
  return parsed.data
}
