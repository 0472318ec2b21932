import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type { CallResult } from '../../shared/contract.ts'
import { action, calledAs, type Cli, common, type Run, type ServedEngine } from './cli.ts'
import { asBerthError } from '../../shared/errors.ts'
import { shownText } from '../../shared/say-next.ts'
import { type Io, logTo, paint, signalExit } from './io.ts'
import { threadId, userId } from '../../shared/identity.ts'
import { readBridgeFile } from '../doors/client/bridge-file.ts'
import { connect } from '../doors/client/client.ts'
import { homePaths } from '../house/home/paths.ts'
import { usage } from './select.ts'

/** Signals that come this close together are one: a terminal sends Ctrl-C to the whole group, a wrapper passes it on again. */
const onePress = 500

/** Longest that the greeting waits for a word about the backend. */
const patience = 2000

/** Runs the engine in this process until a signal or a `shutdown` call ends it. */
export function addServeCommand(program: Command, run: Run): void {
  common(program.command('serve'))
    .description('run Berth here until it is ended; beside a running one it says where that is')
    .option('-c, --config <file>', 'the configuration (default: config.yaml in the home)')
    .addHelpText('after', '\nExamples:\n  berth serve\n  berth serve --config ~/deer-flow/config.yaml\n  BERTH_HOME=/tmp/other berth serve --json\n')
    .action(action(run, async (cli, { config }: { config?: string }) => await serve(cli, run, config)))
}

async function serve(cli: Cli, run: Run, configFile: string | undefined): Promise<number> {
  const ended = endBySignal(cli.io, run)
  const { startEngine } = await cli.parts.engine()
  const engine = await startEngine({ homeDir: cli.home, configFile, env: cli.io.env, log: logTo(cli.io) })
  if (engine.attached) {
    await cli.show(facts(engine), () => `Berth already runs for this home: ${engine.url}\n  home  ${engine.home}\nNothing was started.\n`)
    await engine.close()
    return 0
  }
  try {
    await greet(cli, engine)
    await Promise.race([engine.closed, ended])
  } catch (error) {
    await engine.close()
    throw error
  }
  const left = await engine.close()
  // Also with --json: who reads that has had its one answer.
  for (const { id, error } of left) cli.io.stderr.write(`${id} could not be ended: ${shownText(error)}\n`)
  if (!cli.json) cli.io.stderr.write(left.length === 0 ? 'Berth has stopped.\n' : 'Berth has stopped; its next start tries again to end what is left.\n')
  return left.length === 0 ? 0 : 1
}

/** Resolves at the first signal; a second one does not wait for anything. */
function endBySignal(io: Io, run: Run): Promise<void> {
  return new Promise((resolve) => {
    let first = -Infinity
    io.onSignal((name) => {
      const now = performance.now()
      if (first === -Infinity) {
        first = now
        if (!run.argv.includes('--json')) io.stderr.write(`${name}: stopping. Once more: at once, without tidying up.\n`)
        resolve()
      } else if (now - first > onePress) io.exit(signalExit(name))
    })
  })
}

async function greet(cli: Cli, engine: ServedEngine): Promise<void> {
  const status = await statusOf(cli, engine)
  const link = await engine.call('login_link', {})
  const berth = calledAs(cli.io.env)
  await cli.show({ ...facts(engine), pid: process.pid, backend: status?.backend.kind ?? null, login: link.url }, () =>
    [
      `${paint(cli.io, 'stdout', 'bold', 'Berth listens on')} ${engine.url}\n`,
      `  home     ${engine.home}\n`,
      status ? `  backend  ${status.backend.kind}: ${status.backend.reason}\n` : '',
      `  screens  ${link.url}\n`,
      `           logs one browser in, once, within 5 minutes; \`${berth} open\` makes a new link\n`,
      `  try      ${berth} acquire --thread demo\n`,
      `           ${berth} exec --thread demo -- sh -c 'echo hi > /mnt/user-data/workspace/a; cat /mnt/user-data/workspace/a'\n`,
      `  Ctrl-C stops it. Only what is in a sandbox's mounts outlives the sandbox.\n`,
    ].join(''),
  )
}

/** The greeting is complete enough without it, and an engine that does not answer must not hold it up. */
async function statusOf(cli: Cli, engine: ServedEngine): Promise<CallResult<'status'> | null> {
  const answered = new AbortController()
  try {
    return await Promise.race([engine.call('status', {}), sleep(patience, null, { signal: answered.signal })])
  } catch (thrown) {
    cli.io.stderr.write(`The state of the engine is not known yet: ${shownText(asBerthError(thrown).message)}\n`)
    return null
  } finally {
    answered.abort()
  }
}

function facts({ url, port, home, instance, attached }: ServedEngine) {
  return { url, port, home, instance, attached }
}

interface McpOptions {
  readonly thread?: string
  readonly user?: string
  readonly config?: string
  readonly start: boolean
}

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
