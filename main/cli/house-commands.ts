import type { Command } from 'commander'
import type { CallResult } from '../../shared/contract.ts'
import { BerthError } from '../../shared/errors.ts'
import type { BerthEvent } from '../../shared/event.ts'
import { sayDoctor } from '../../shared/say-doctor.ts'
import { nameOf, sayNext, textOf } from '../../shared/say-next.ts'
import { shownText } from '../../shared/shown-text.ts'
import { action, type Cli, common, type Run } from './cli.ts'
import { confirm } from './confirm.ts'
import type { Io } from './io.ts'
import { write } from './io.ts'
import { numeric } from './select.ts'
import { byteSize, duration, paint, table, type Tone } from './text.ts'

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
          client.call('events', { limit, since, follow: true }, {
            signal: cli.signal,
            onChunk: (event) => write(cli.io.stdout, cli.json ? `${JSON.stringify(event)}\n` : eventText(event)),
          }),
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
  const counts = Object.entries(it.counts).map(([status, count]) => `${count} ${status}`).join(', ')
  return [
    `Berth ${it.version}, pid ${it.pid}, running for ${duration(Date.now() - Date.parse(it.started_at))}\n`,
    `home       ${it.home}\n`,
    `backend    ${it.backend.kind} (${it.backend.chosen}: ${it.backend.reason})\n`,
    `isolation  ${it.backend.isolation}\n`,
    it.backend.engine === null ? '' : `engine     ${it.backend.engine}\n`,
    it.backend.problem === null ? '' : `problem    ${shownText(it.backend.problem)}\n`,
    it.image.name === null ? '' : `image      ${it.image.name}${it.image.present ? '' : ' (not there yet)'}\n`,
    `sandboxes  ${counts || 'none'}; ${it.replicas} places\n`,
    it.slots.wanted === 0 && it.slots.problem === null ? '' : `slots      ${it.slots.ready} of ${it.slots.wanted} ready${it.slots.problem === null ? '' : ` (${shownText(it.slots.problem)})`}\n`,
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
