import type { Command } from 'commander'
import type { NamedToken } from '../../shared/calls/token-calls.ts'
import { action, common, type Run } from './cli.ts'
import { duration, table } from './text.ts'

interface AddOptions { readonly scope?: 'agent' | 'operator'; readonly threadPrefix?: string; readonly user?: string }

/** Tokens for others. None is ever an argument: a command line is there for all on this machine to read. */
export function addTokenCommands(program: Command, run: Run): void {
  const tokens = program.command('token').description("make, list and revoke tokens for agents, beside the home's own")

  common(tokens.command('add'))
    .argument('<name>', 'who uses it: its name as a client and as a holder')
    .description('make a token and show it, this once')
    .option('--scope <scope>', '`agent` works with sandboxes, `operator` may do everything (default: agent)')
    .option('--thread-prefix <prefix>', 'only threads that begin so; `a` allows `ab` too, `a-` does not')
    .option('--user <user>', "only this user's threads")
    .addHelpText('after', '\nExamples:\n  berth token add ci --thread-prefix ci-\n  berth token add ci --thread-prefix ci- --json | jq -r .token\n')
    .action(
      action(run, async (cli, name: string, { scope, threadPrefix, user }: AddOptions) => {
        const made = await cli.withEngine((client) =>
          client.call('token_add', { name, scope, thread_prefix: threadPrefix, user }, { signal: cli.signal }),
        )
        // On a line of its own, and alone on standard output, so that it can be piped to where it is needed.
        await cli.show(made, () => `${made.token}\n`)
        if (!cli.json) cli.io.stderr.write(`The token of ${name}: ${rights(made)}. It is not shown again; Berth keeps only its hash.\n`)
      }),
    )

  common(tokens.command('ls'))
    .alias('list')
    .description('list the tokens: what each may do, and when it was last used')
    .action(
      action(run, async (cli) => {
        const got = await cli.withEngine((client) => client.call('tokens', {}, { signal: cli.signal }))
        await cli.show(got, () => listText(got.tokens))
      }),
    )

  common(tokens.command('revoke'))
    .argument('<name>')
    .description('refuse a token from now on, and end what runs for it')
    .action(
      action(run, async (cli, name: string) => {
        const { revoked } = await cli.withEngine((client) => client.call('token_revoke', { name }, { signal: cli.signal }))
        await cli.show({ revoked }, () => (revoked ? `The token of ${name} is refused from now on.\n` : `There was no token of ${name}.\n`))
      }),
    )
}

function rights({ scope, thread_prefix, user }: NamedToken): string {
  if (scope === 'operator') return 'may do everything'
  return `an agent, ${thread_prefix === null ? 'all threads' : `threads ${thread_prefix}*`}${user === null ? '' : ` of user ${user}`}`
}

function listText(tokens: readonly NamedToken[]): string {
  if (tokens.length === 0) return "There is only the home's own token. Make one for an agent: berth token add NAME --thread-prefix NAME-\n"
  const ago = (at: string | null) => (at === null ? 'never' : `${duration(Date.now() - Date.parse(at))} ago`)
  return table(
    ['NAME', 'MAY', 'MADE', 'LAST USED'],
    tokens.map((it) => [it.name, rights(it), ago(it.created_at), ago(it.last_used_at)]),
  )
}
