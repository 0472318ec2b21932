import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import type { CallResult } from '../../shared/contract.ts'
import { BerthError } from '../../shared/errors.ts'
import type { BerthEvent } from '../../shared/events.ts'
import { nameOf, sayDoctor, sayNext, shownText, textOf } from '../../shared/say-next.ts'
import { action, type Cli, common, confirm, type Run } from './cli.ts'
import { byteSize, duration, type Io, paint, table, type Tone, write } from './io.ts'
import { numeric } from './select.ts'
import type { NamedToken } from '../../shared/calls/token-calls.ts'

/** Running the house. */
export function addHouseCommands(program: Command, run: Run): void {
  common(program.command('status'))
    .description('show the engine: which backend and why, and how much is in use')
    .action(
      action(run, async (cli) => {
        const it = await cli.withEngine((client) => client.call('status', {}, { signal: cli.signal }))
        await cli.show(it, () => statusText(it))
      }),
    )

  common(program.command('doctor'))
    .description('measure everything a sandbox needs, and name the fix of what is wrong; changes nothing')
    .option('-c, --config <file>', 'the configuration to check, where no engine runs')
    .action(
      action(run, async (cli, { config }: { config?: string }) => {
        const found = await doctor(cli, config)
        await cli.show(found, () => doctorText(cli.io, found))
        return found.ok ? 0 : 1
      }),
    )

  common(program.command('config'))
    .description('show the configuration in force, and where each value comes from')
    .action(
      action(run, async (cli) => {
        const it = await cli.withEngine((client) => client.call('config', {}, { signal: cli.signal }))
        await cli.show(it, () => configText(it))
      }),
    )

  common(program.command('events'))
    .description('show who did what')
    .option('-n, --limit <number>', 'how many (default: 100)', numeric)
    .option('--since <seq>', 'only those after this number', numeric)
    .option('-f, --follow', 'go on; with --json one event a line')
    .action(
      action(run, async (cli, { limit, since, follow }: { limit?: number; since?: number; follow?: boolean }) => {
        if (!follow) {
          const got = await cli.withEngine((client) => client.call('events', { limit, since }, { signal: cli.signal }))
          await cli.show(got, () => got.events.map(eventText).join(''))
          return
        }
        await cli.withEngine((client) =>
          client.call(
            'events',
            { limit, since, follow: true },
            {
              signal: cli.signal,
              onChunk: (event) => write(cli.io.stdout, cli.json ? `${JSON.stringify(event)}\n` : eventText(event)),
            },
          ),
        )
      }),
    )

  common(program.command('threads'))
    .description('list the threads that have files here, with the disk they use')
    .option('--user <user>', 'only of this user')
    .action(
      action(run, async (cli, { user }: { user?: string }) => {
        const got = await cli.withEngine((client) => client.call('threads', { user }, { signal: cli.signal }))
        const rows = got.threads.map((it) => [it.user, it.thread, byteSize(it.bytes), String(it.files), it.path])
        await cli.show(got, () => (rows.length === 0 ? 'No thread has files here.\n' : table(['USER', 'THREAD', 'SIZE', 'FILES', 'PATH'], rows)))
      }),
    )

  common(program.command('forget'))
    .argument('<thread>')
    .description("delete a thread's files for ever; its sandbox must be gone")
    .option('--user <user>', 'whose thread (default: default)')
    .option('-y, --yes', 'do not ask')
    .action(
      action(run, async (cli, thread: string, { user, yes }: { user?: string; yes?: boolean }) => {
        const done = await cli.withEngine(async (client) => {
          await confirm(cli, yes, `All files of thread ${thread} will be deleted for ever.`, thread)
          return await client.call('forget', { thread, user, confirm: thread }, { signal: cli.signal })
        })
        await cli.show(done, () => `Deleted: ${byteSize(done.bytes)}.\n`)
      }),
    )

  common(program.command('shutdown'))
    .description('end every sandbox and stop Berth; files stay')
    .option('-y, --yes', 'do not ask')
    .option('--keep-host', 'end the sandboxes only; Berth goes on')
    .action(
      action(run, async (cli, { yes, keepHost }: { yes?: boolean; keepHost?: boolean }) => {
        const done = await cli.withEngine(async (client) => {
          const { counted } = yes ? { counted: 0 } : await client.call('list', {}, { signal: cli.signal })
          const all = counted === 1 ? 'One sandbox ends' : `${counted} sandboxes end`
          await confirm(cli, yes, `${all}${keepHost ? '' : ' and Berth stops'}. Go on?`)
          return await client.call('shutdown', { keep_host: keepHost === true }, { signal: cli.signal })
        })
        await cli.show(done, () => shutdownText(done, keepHost === true))
        return done.failed.length === 0 ? 0 : 1
      }),
    )
}

/** Asks the engine where one runs; otherwise looks for itself. */
async function doctor(cli: Cli, configFile: string | undefined): Promise<CallResult<'doctor'>> {
  try {
    return await cli.withEngine((client) => client.call('doctor', {}, { signal: cli.signal }))
  } catch (thrown) {
    if (!(thrown instanceof BerthError) || !['NOT_RUNNING', 'CONTRACT_MISMATCH', 'UNAUTHORIZED'].includes(thrown.code)) throw thrown
    const { runDoctor } = await cli.parts.doctor()
    return await runDoctor({ homeDir: cli.home, configFile, env: cli.io.env })
  }
}

function doctorText(io: Io, { checks }: CallResult<'doctor'>): string {
  const tones: Record<string, Tone> = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'dim' }
  const width = Math.max(...checks.map((it) => it.name.length))
  const lines = checks.map(({ name, status, text, fix }) => {
    const head = `${paint(io, 'stdout', tones[status] ?? 'dim', status.padEnd(4))}  ${name.padEnd(width)}  ${shownText(text, '\n')}\n`
    return fix === null ? head : `${head}      ${' '.repeat(width)}  fix: ${shownText(fix, '\n')}\n`
  })
  return `${lines.join('')}${sayDoctor(checks)}\n`
}

function statusText(it: CallResult<'status'>): string {
  const counts = Object.entries(it.counts)
    .map(([status, count]) => `${count} ${status}`)
    .join(', ')
  return [
    `Berth ${it.version}, pid ${it.pid}, running for ${duration(Date.now() - Date.parse(it.started_at))}\n`,
    `home       ${it.home}\n`,
    `backend    ${it.backend.kind} (${it.backend.chosen}: ${it.backend.reason})\n`,
    `isolation  ${it.backend.isolation}\n`,
    it.backend.engine === null ? '' : `engine     ${it.backend.engine}\n`,
    it.backend.problem === null ? '' : `problem    ${shownText(it.backend.problem)}\n`,
    it.image.name === null ? '' : `image      ${it.image.name}${it.image.present ? '' : ' (not there yet)'}\n`,
    `sandboxes  ${counts || 'none'}; ${it.replicas} places\n`,
    it.slots.wanted === 0 && it.slots.problem === null
      ? ''
      : `slots      ${it.slots.ready} of ${it.slots.wanted} ready${it.slots.problem === null ? '' : ` (${shownText(it.slots.problem)})`}\n`,
    `next       ${textOf(sayNext(it.next.acquire, it.replicas))}\n`,
    it.next.reap === null ? '' : `reap       ${nameOf(it.next.reap)} in ${duration(Date.parse(it.next.reap.at) - Date.now())}\n`,
    ...it.warnings.map((warning) => `warning    ${shownText(warning)}\n`),
  ].join('')
}

function configText({ file, values, warnings, error }: CallResult<'config'>): string {
  const rows = values.map((it) => [it.key, JSON.stringify(it.value) ?? '-', it.source])
  return [
    `file: ${file ?? 'none, all defaults'}\n`,
    table(['KEY', 'VALUE', 'FROM'], rows),
    ...warnings.map((warning) => `warning: ${shownText(warning)}\n`),
    error === null ? '' : `error: ${shownText(error)}\n`,
  ].join('')
}

function eventText(it: BerthEvent): string {
  return `${it.at}  ${it.type.padEnd(20)}  ${shownText(it.who)}  ${shownText(it.text)}\n`
}

function shutdownText({ destroyed, failed }: CallResult<'shutdown'>, hostGoesOn: boolean): string {
  return [
    `${destroyed.length} ${destroyed.length === 1 ? 'sandbox' : 'sandboxes'} ended${hostGoesOn ? '' : '; Berth stops'}.\n`,
    ...failed.map((it) => `${it.id} could not be ended: ${shownText(it.error)}\n`),
  ].join('')
}

/** A way into the screens for a browser, once. */
export function addOpenCommand(program: Command, run: Run): void {
  common(program.command('open'))
    .description('log a browser in: opens it, or prints the link where there is no display')
    .option('-p, --print', 'only print the link')
    .addHelpText('after', '\nExamples:\n  berth open\n  ssh -L 7878:127.0.0.1:7878 host   # then, on host: berth open --print\n')
    .action(
      action(run, async (cli, { print }: { print?: boolean }) => {
        const link = await cli.withEngine((client) => client.call('login_link', {}, { signal: cli.signal }))
        const opener = print === true || cli.json ? null : openerFor(process.platform, cli.io.env)
        if (opener) start(opener, link.url)
        await cli.show(link, () => `${link.url}\n`)
        if (!cli.json) cli.io.stderr.write(`${opener ? 'Opening it in a browser. ' : ''}It logs one browser in, once, within 5 minutes.\n`)
      }),
    )
}

/** The system's own command to open an address; null where nobody would see it. */
export function openerFor(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): readonly string[] | null {
  if (platform === 'darwin') return ['open']
  if (platform === 'win32') return ['explorer.exe']
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open'] : null
}

function start([command = '', ...words]: readonly string[], url: string): void {
  const child = spawn(command, [...words, url], { stdio: 'ignore', detached: true })
  // The link is printed as well, so that nothing is lost where there is no such command.
  child.on('error', () => undefined)
  child.unref()
}

interface AddOptions {
  readonly scope?: 'agent' | 'operator'
  readonly threadPrefix?: string
  readonly user?: string
}

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
        const made = await cli.withEngine((client) => client.call('token_add', { name, scope, thread_prefix: threadPrefix, user }, { signal: cli.signal }))
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
