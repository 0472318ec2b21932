import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { BerthError } from '../../shared/errors.ts'
import { shownText } from '../../shared/say-next.ts'
import type { Acquired, Sandbox } from '../../shared/sandbox.ts'
import type { BridgeClient } from '../doors/client/client.ts'
import { action, calledAs, type Cli, common, confirm, type Run } from './cli.ts'
import { duration, progressLine, table, textFor, write } from './io.ts'
import { none, numeric, pick, type Picked, selectable, type SelectOptions, usage } from './select.ts'
import type { CallResult } from '../../shared/contract.ts'
import { shellLine } from '../../shared/shell-quote.ts'
import { upload } from './file-commands.ts'

interface HoldOptions extends SelectOptions {
  readonly holder?: string
  readonly timeout?: number
  readonly yes?: boolean
}

/** What a hold of this command is called when --holder names none: the client of the home's own token. */
const ownHolder = 'master'

/** Getting, seeing and ending sandboxes. */
export function addSandboxCommands(program: Command, run: Run): void {
  common(program.command('acquire'))
    .description('get the sandbox of a thread: the running one, a warm one, or a new one')
    .option('-t, --thread <thread>', 'the thread; without it: an anonymous sandbox, gone at its last release')
    .option('--user <user>', 'whose thread (default: default)')
    .option('--holder <name>', 'who holds it (default: the client); two holders are two holds')
    .option('--timeout <seconds>', 'longest wait, all steps together', numeric)
    .addHelpText('after', '\nExamples:\n  berth acquire --thread demo\n  berth acquire --thread demo --json | jq -r .url\n')
    .action(
      action(run, async (cli, options: HoldOptions) => {
        const { thread, user, holder, timeout } = options
        const line = progressLine(cli.io)
        const got = await cli.withEngine((client) =>
          client.call('acquire', { thread, user, holder, timeout }, { signal: cli.signal, onChunk: (chunk) => line.show(chunk) }).finally(() => line.end()),
        )
        await cli.show(got, () => acquiredText(got, calledAs(cli.io.env)))
      }),
    )

  common(program.command('hint'))
    .description('say that a thread will soon need its sandbox: it is made ready, and goes quietly if nobody comes')
    .requiredOption('-t, --thread <thread>', 'the thread')
    .option('--user <user>', 'whose thread (default: default)')
    .addHelpText('after', '\nExample:\n  berth hint --thread demo\n')
    .action(
      action(run, async (cli, { thread, user }: { thread: string; user?: string }) => {
        const said = await cli.withEngine((client) => client.call('hint', { thread, user }, { signal: cli.signal }))
        const text = { ready: 'It is ready.', starting: 'It is being made ready.', refused: 'Not made ready:' }[said.state]
        await cli.show(said, () => `${text}${said.reason === null ? '' : ` ${shownText(said.reason)}`}\n`)
      }),
    )

  common(program.command('ls'))
    .alias('list')
    .description('list sandboxes: active first, then warm')
    .option('--user <user>', 'only of this user')
    .action(
      action(run, async (cli, { user }: { user?: string }) => {
        const all = await cli.withEngine((client) => client.call('list', { user }, { signal: cli.signal }))
        await cli.show(all, () => listText(all.sandboxes, all.counted, all.replicas))
      }),
    )

  selectable(common(program.command('get')))
    .argument('[id]')
    .description('show one sandbox')
    .action(
      action(run, async (cli, id: string | undefined, options: SelectOptions) => {
        const { at } = onlySandbox(options, id)
        const it = await cli.withEngine((client) => client.call('get', at, { signal: cli.signal }))
        await cli.show(it, () => sandboxText(it))
      }),
    )

  selectable(common(program.command('release')))
    .argument('[id]')
    .description('end a hold; without holds a sandbox stays warm until it is reaped')
    .option('--holder <name>', 'whose hold (default: the client)')
    .action(
      action(run, async (cli, id: string | undefined, options: HoldOptions) => {
        const { at } = onlySandbox(options, id)
        const done = await cli.withEngine((client) => client.call('release', { ...at, holder: options.holder }, { signal: cli.signal }))
        await cli.show(
          done,
          () => `${done.released ? 'Released' : 'There was no such hold'}${done.sandbox ? `; the sandbox is ${done.sandbox.status}` : ''}.\n`,
        )
      }),
    )

  selectable(common(program.command('destroy')))
    .argument('[id]')
    .description('stop and remove a sandbox; the files of its thread stay')
    .option('-y, --yes', 'do not ask, even if somebody else holds it')
    .addHelpText('after', '\nExamples:\n  berth destroy --thread demo\n  berth destroy 3f2a9c0d1e5b7a88 --yes\n')
    .action(
      action(run, async (cli, id: string | undefined, options: HoldOptions) => {
        const { at } = onlySandbox(options, id)
        const done = await cli.withEngine(async (client) => {
          // Its own hold is no reason to ask: whoever acquired it by this command may end it by this command.
          const held = options.yes ? [] : (await holdersOf(client, at)).filter((holder) => holder !== ownHolder)
          if (held.length > 0) await confirm(cli, false, `It is held by ${held.join(', ')}. Destroy it all the same?`)
          return await client.call('destroy', at, { signal: cli.signal })
        })
        await cli.show(done, () => (done.destroyed ? 'Destroyed. The files of its thread are still there.\n' : 'There was no such sandbox.\n'))
      }),
    )

  selectable(common(program.command('rotate')))
    .argument('[id]')
    .description("change a sandbox's address: those handed out so far end")
    .action(
      action(run, async (cli, id: string | undefined, options: SelectOptions) => {
        const { at } = onlySandbox(options, id)
        const done = await cli.withEngine((client) => client.call('rotate', at, { signal: cli.signal }))
        await cli.show(done, () => 'Changed. Whoever works in it acquires it again for the new address.\n')
      }),
    )

  selectable(common(program.command('logs')))
    .argument('[id]')
    .description("show the container's own log")
    .option('-n, --tail <lines>', 'lines from the end (default: 200)', numeric)
    .option('-f, --follow', 'go on until the sandbox ends; with --json one JSON string a line')
    .action(
      action(run, async (cli, id: string | undefined, options: SelectOptions & { tail?: number; follow?: boolean }) => {
        const { at } = onlySandbox(options, id)
        const { tail, follow } = options
        const shown = textFor(cli.io.stdout, '\t')
        if (cli.json && !follow) {
          const got = await cli.withEngine((client) => client.call('logs', { ...at, tail }, { signal: cli.signal }))
          await cli.show(got, () => '')
          return
        }
        await cli.withEngine((client) =>
          client.call(
            'logs',
            { ...at, tail, follow: follow === true },
            {
              signal: cli.signal,
              onChunk: ({ line }) => write(cli.io.stdout, `${cli.json ? JSON.stringify(line) : shown(line)}\n`),
            },
          ),
        )
      }),
    )
}

function onlySandbox(options: SelectOptions, id: string | undefined): { at: Picked } {
  const { at, rest } = pick(options, id === undefined ? [] : [id])
  none(rest)
  return { at }
}

async function holdersOf(client: BridgeClient, at: Picked): Promise<string[]> {
  try {
    return (await client.call('get', at)).holders.map((hold) => hold.holder)
  } catch (thrown) {
    // Then `destroy` itself says that there is none.
    if (thrown instanceof BerthError && thrown.code === 'SANDBOX_NOT_FOUND') return []
    throw thrown
  }
}

function acquiredText(it: Acquired, berth: string): string {
  const how = { reuse: 'running already', warm: 'kept warm', found: 'found again', slot: 'a spare one', cold: 'started' }[it.path]
  return [
    `Sandbox ${it.id} of ${it.thread === null ? 'no thread' : `thread ${it.thread}`} (${how}, ${it.backend}, ${it.isolation})\n`,
    `  url     ${it.url}\n`,
    it.enter_url === undefined ? '' : `  browser ${it.enter_url}\n`,
    ...Object.entries(it.headers).map(([name, value]) => `  header  ${name}: ${value}\n`),
    it.was_replaced ? '  It was replaced since you last had it: only what is in its mounts is still there.\n' : '',
    ...it.warnings.map((warning) => `  warning: ${shownText(warning)}\n`),
    `  try     ${berth} exec ${nameOf(it)} -- ls -la\n`,
  ].join('')
}

/** As one names it on a command line. */
function nameOf({ id, thread, user }: Sandbox): string {
  if (thread === null) return id
  return user === 'default' ? `--thread ${thread}` : `--thread ${thread} --user ${user}`
}

const calledOf = ({ holder, name }: Sandbox['holders'][number]): string => name ?? holder

function listText(sandboxes: readonly Sandbox[], counted: number, replicas: number): string {
  const count = `${counted} of ${replicas} places taken.\n`
  if (sandboxes.length === 0) return `No sandboxes. ${count}Get one: berth acquire --thread NAME\n`
  const rows = sandboxes.map((it) => [
    it.status,
    it.id,
    it.user === 'default' ? (it.thread ?? '-') : `${it.user}/${it.thread ?? '-'}`,
    it.backend,
    duration(Date.now() - Date.parse(it.created_at)),
    it.expires_at === null ? '-' : `in ${duration(Date.parse(it.expires_at) - Date.now())}`,
    it.error ? it.error.message : (it.step ?? (it.holders.map(calledOf).join(', ') || '-')),
  ])
  return table(['STATUS', 'ID', 'THREAD', 'BACKEND', 'AGE', 'EXPIRES', 'HOLDERS'], rows) + count
}

function sandboxText(it: Sandbox): string {
  const rows: [string, string | null][] = [
    ['id', it.id],
    ['thread', it.thread],
    ['user', it.user],
    ['status', it.status],
    ['backend', `${it.backend}, ${it.isolation}`],
    ['image', it.image],
    ['name', it.name],
    ['url', it.url],
    ['holders', it.holders.map(({ holder, name }) => (name === undefined ? holder : `${name} (${holder})`)).join(', ') || null],
    ['created', it.created_at],
    ['activity', it.last_activity_at],
    ['expires', it.expires_at],
    ['error', it.error && `${it.error.message}. ${it.error.next}`],
  ]
  return rows.map(([name, value]) => `${name.padEnd(9)}${shownText(value ?? '-')}\n`).join('')
}

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
  return await client.call(
    'exec',
    { ...at, command, cwd, env, timeout },
    {
      signal: cli.signal,
      // With --json the output is in the one document.
      ...(cli.json ? {} : { onChunk: ({ type, data }) => write(cli.io[type], data) }),
    },
  )
}

/** The call has no standard input: it travels as a file, which the command line removes as soon as it is open. */
async function withInput(cli: Cli, client: BridgeClient, at: Picked, words: readonly string[]): Promise<string> {
  const path = `/tmp/berth-stdin-${randomBytes(8).toString('hex')}`
  await upload(client, { ...at, path, append: false }, cli.io.stdin, cli.signal)
  return `( exec 0< ${path}; rm -f ${path}; ${shellLine(words)} )`
}

function variable(value: string, all: Record<string, string> = {}): Record<string, string> {
  const at = value.indexOf('=')
  if (at < 1) throw usage(`--env wants NAME=VALUE, not ${JSON.stringify(value)}`)
  return { ...all, [value.slice(0, at)]: value.slice(at + 1) }
}
