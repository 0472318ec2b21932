import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import type { CallResult } from '../../shared/contract.ts'
import type { BridgeClient } from '../bridge/client.ts'
import { quote } from '../sandbox/quote.ts'
import { action, type Cli, common, type Run } from './cli.ts'
import { write } from './io.ts'
import { numeric, pick, type Picked, selectable, type SelectOptions, usage } from './select.ts'
import { upload } from './transfer.ts'

interface ExecOptions extends SelectOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
  readonly timeout?: number
  readonly stdin?: boolean
}

/** Runs a command in a sandbox, as if it were here: its output, its exit code, its end by Ctrl-C. */
export function addExecCommand(program: Command, run: Run): void {
  selectable(common(program.command('exec')))
    .description('run a command in a sandbox; its output streams, its exit code is kept')
    .argument('[words...]', 'the command, word by word; no shell reads it unless you name one')
    .usage('(--thread T | ID) [options] -- COMMAND [ARGUMENT...]')
    .option('--cwd <dir>', 'where it runs, absolute; default: the workspace of the thread')
    .option('-e, --env <K=V>', 'a variable for this command; may be repeated', variable)
    .option('--timeout <seconds>', 'then the whole process group is killed, and the exit code is 124', numeric)
    .option('-i, --stdin', 'give it standard input, read to its end first')
    // Without `--` the command begins at the first word; with it, options may still follow the id.
    .passThroughOptions(!run.argv.includes('--'))
    .addHelpText(
      'after',
      "\nExamples:\n  berth exec --thread demo -- ls -la /mnt/user-data\n  berth exec --thread demo -- sh -c 'echo hi > a; cat a'\n  berth exec --thread demo -i -- wc -l < file\n",
    )
    .action(
      action(run, async (cli, operands: string[], options: ExecOptions) => {
        const { at, rest } = pick(options, operands)
        if (rest.length === 0) throw usage('The command to run is missing')
        const done = await cli.withEngine((client) => exec(cli, client, at, rest, options))
        if (cli.json) await cli.show(done, () => '')
        return done.exit_code ?? (done.status === 'timed_out' ? 124 : 137)
      }),
    )
}

async function exec(cli: Cli, client: BridgeClient, at: Picked, words: readonly string[], options: ExecOptions): Promise<CallResult<'exec'>> {
  const { cwd, env, timeout } = options
  const command = options.stdin ? await withInput(cli, client, at, words) : [...words]
  return await client.call('exec', { ...at, command, cwd, env, timeout }, {
    signal: cli.signal,
    // With --json the output is in the one document.
    ...(cli.json ? {} : { onChunk: ({ type, data }) => write(cli.io[type], data) }),
  })
}

/** The call has no standard input: it travels as a file, which the command line removes as soon as it is open. */
async function withInput(cli: Cli, client: BridgeClient, at: Picked, words: readonly string[]): Promise<string> {
  const path = `/tmp/berth-stdin-${randomBytes(8).toString('hex')}`
  await upload(client, { ...at, path, append: false }, cli.io.stdin, cli.signal)
  return `( exec 0< ${path}; rm -f ${path}; ${quote(words)} )`
}

function variable(value: string, all: Record<string, string> = {}): Record<string, string> {
  const at = value.indexOf('=')
  if (at < 1) throw usage(`--env wants NAME=VALUE, not ${JSON.stringify(value)}`)
  return { ...all, [value.slice(0, at)]: value.slice(at + 1) }
}
