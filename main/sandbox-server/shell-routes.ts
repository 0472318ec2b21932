import { timerMs } from '../../shared/timer.ts'
import type { Call } from './served-call.ts'
import { truncateMiddle } from './output-buffer.ts'
import { RequestError, ok } from './reply.ts'
import type { Reply } from './reply.ts'
import { look, work } from './router.ts'
import type { Route } from './router.ts'
import type { ShellCommand } from './shell-command.ts'
import { isDirectory } from './workspace.ts'
import type { ShellSession } from './shell-session.ts'
import { keepSession } from './shell-sessions.ts'
import type { ShellSessions } from './shell-sessions.ts'
import type { Terminals } from './terminal.ts'
import { absolutePath, bool, number, optional, or, parse, text } from './validate.ts'

/** Characters of a result's output, unless the caller wants all. */
const outputLimit = 30_000
/** Milliseconds after which a command's answer does not wait for its shell any more: a program may have stopped the terminal. */
const begunWithin = 10_000
/** Seconds that `wait` waits when the call does not say. */
const waitFor = 60

const seconds = optional(number({ min: 0 }))

const execShape = {
  command: text,
  id: optional(text),
  exec_dir: optional(absolutePath),
  async_mode: or(bool, false),
  timeout: seconds,
  strict: or(bool, false),
  no_change_timeout: seconds,
  hard_timeout: seconds,
  preserve_symlinks: or(bool, false),
  truncate: or(bool, true),
}

export function shellRoutes(sessions: ShellSessions, terminals: Terminals): Route[] {
  const exec = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), execShape)
    if (body.command.includes('\0')) throw new RequestError(400, 'The command holds a NUL character, which no command line can')
    const execDir = body.exec_dir !== undefined && (await isDirectory(body.exec_dir)) ? body.exec_dir : undefined
    if (body.strict && execDir !== body.exec_dir) throw new RequestError(400, `Directory does not exist: ${body.exec_dir}`)
    const session = body.id === undefined ? sessions.free() : sessions.get(body.id)
    const noChange = body.no_change_timeout ?? session.noChangeTimeout
    const turn = session.turn(Math.min(body.timeout ?? Infinity, body.hard_timeout ?? Infinity, noChange) * 1000)
    const options = { execDir, physical: !body.preserve_symlinks, hardTimeout: body.hard_timeout }
    if (body.async_mode) {
      // Whoever types ^C after the answer means this command.
      if (turn.now) await before((await session.run(body.command, options)).begun, begunWithin)
      // Its turn may come after the answer; whether it came is seen by `view`.
      else void turn.mine.then((mine) => (mine ? session.run(body.command, options) : null)).catch(startedNever)
      return ok({ session_id: session.id, command: body.command, status: 'running', output: '', console: [], exit_code: null })
    }
    // Who has gone before its turn has no use for the command; once started it goes on without its client.
    const stopListening = call.onGone(turn.cancel)
    const mine = await turn.mine
    stopListening()
    if (!mine)
      throw new RequestError(
        409,
        'The session is busy with another command; this one was not run',
        'Call without an id, use another session, or kill the command',
      )
    const command = await session.run(body.command, options)
    const status = await settle(command, body.timeout, noChange)
    return ok(result(session, command, status, body.truncate))
  }

  const view = async (call: Call): Promise<Reply> => {
    const { id } = parse(await call.json(), { id: text })
    const terminal = terminals.find(id)
    if (terminal) return ok({ output: terminal.text(), session_id: id, status: 'running', console: [], command: null, exit_code: null })
    const session = sessions.get(id)
    const command = session.last
    return ok({
      output: command?.text() ?? '',
      session_id: id,
      status: command?.status ?? 'completed',
      console: command ? [line(command, truncateMiddle(command.text(), outputLimit))] : [],
      command: command?.command ?? null,
      exit_code: command?.exitCode ?? null,
    })
  }

  const wait = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), { id: text, seconds, max_wait_seconds: seconds })
    const session = sessions.get(body.id)
    const command = session.current
    const limit = Math.min(body.seconds ?? waitFor, body.max_wait_seconds ?? Infinity)
    if (command) await before(command.ended, limit * 1000)
    return ok({ status: session.last?.status ?? 'completed' })
  }

  const write = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), { id: text, input: text, press_enter: bool })
    const terminal = terminals.find(body.id)
    if (terminal) {
      terminal.type(body.input + (body.press_enter ? '\n' : ''))
      return ok({ status: 'running' })
    }
    const session = sessions.get(body.id)
    const command = await session.write(body.input, body.press_enter)
    if (command) await before(command.begun, begunWithin)
    return ok({ status: session.last?.status ?? 'completed' })
  }

  const kill = async (call: Call): Promise<Reply> => {
    const { id } = parse(await call.json(), { id: text })
    const session = sessions.get(id)
    const command = session.current
    if (!command) {
      const code = session.last?.exitCode ?? null
      // The older SDK takes no `returncode` of null.
      return ok({ status: session.last?.status ?? 'completed', exit_code: code, ...(code === null ? {} : { returncode: code }) }, 'No command is running')
    }
    session.stop(command, 'terminated')
    await command.ended
    return ok({ status: command.status, exit_code: command.exitCode, returncode: command.exitCode })
  }

  const create = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), {
      id: optional(text),
      exec_dir: optional(absolutePath),
      no_change_timeout: seconds,
      preserve_symlinks: or(bool, false),
    })
    if (body.exec_dir !== undefined && !(await isDirectory(body.exec_dir))) throw new RequestError(400, `Directory does not exist: ${body.exec_dir}`)
    const session = sessions.create(body.id, { workingDir: body.exec_dir ?? null, noChangeTimeout: body.no_change_timeout })
    return ok({ session_id: session.id, working_dir: session.workingDir })
  }

  const update = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), { id: text, no_change_timeout: seconds })
    const session = sessions.get(body.id)
    if (body.no_change_timeout !== undefined) session.noChangeTimeout = body.no_change_timeout
    return ok(null)
  }

  const list = (): Reply => ok({ sessions: Object.fromEntries([...sessions.list().map(info), ...terminals.list()]) })

  const stats = (): Reply => {
    const all = sessions.list().length + terminals.count()
    const active = sessions.list().filter((each) => performance.now() - each.lastUsed < 300_000).length + terminals.count()
    return ok({
      total_sessions: all,
      active_sessions: active,
      idle_sessions: all - active,
      max_sessions: sessions.max,
      session_timeout: keepSession / 1000,
      usage_ratio: all / sessions.max,
    })
  }

  const remove = (call: Call): Reply => {
    const id = call.params[0] ?? ''
    if (!terminals.remove(id)) sessions.remove(id)
    return ok(null)
  }

  const removeAll = (): Reply => {
    for (const each of sessions.list()) sessions.remove(each.id)
    for (const [id] of terminals.list()) terminals.remove(id)
    return ok(null)
  }

  return [
    work('POST', '/v1/shell/exec', 'Run a command in a persistent shell', exec),
    work('POST', '/v1/shell/view', 'Output of the current or last command', view),
    work('POST', '/v1/shell/wait', 'Wait for the current command', wait),
    work('POST', '/v1/shell/write', 'Type into a session', write),
    work('POST', '/v1/shell/kill', 'Stop the current command', kill),
    look('GET', '/v1/shell/sessions', 'List shell sessions', list),
    look('GET', '/v1/shell/sessions/stats', 'Numbers of shell sessions', stats),
    work('POST', '/v1/shell/sessions/create', 'Create a shell session', create),
    work('POST', '/v1/shell/sessions/update', 'Change a shell session', update),
    work('DELETE', '/v1/shell/sessions', 'End every shell session', removeAll),
    work('DELETE', '/v1/shell/sessions/{}', 'End a shell session', remove),
  ]
}

/** A session that was deleted before its turn came is no fault; anything else nobody waits for, so it is written down. */
function startedNever(error: unknown): void {
  if (!(error instanceof RequestError)) console.error('sandbox-server: a command that was to run later could not start:', error)
}

/** Waits for the end, the soft timeout or a stretch without output, and says which it was. */
async function settle(command: ShellCommand, timeout: number | undefined, noChange: number): Promise<string> {
  const until = performance.now() + (timeout ?? Infinity) * 1000
  while (command.running) {
    const now = performance.now()
    if (now >= until) return 'running'
    const quiet = command.changedAt + noChange * 1000
    // A command that is being stopped is waited for: it ends within seconds.
    if (now >= quiet && !command.verdict) return 'no_change_timeout'
    await before(command.ended, Math.min(until, command.verdict ? now + 1000 : quiet) - now)
  }
  return command.status
}

async function before(event: Promise<void>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, timerMs(Math.max(1, ms)))
  await Promise.race([event, promise])
  clearTimeout(timer)
}

function result(session: ShellSession, command: ShellCommand, status: string, cut: boolean): Record<string, unknown> {
  const output = cut ? truncateMiddle(command.text(), outputLimit) : command.text()
  return {
    session_id: session.id,
    command: command.command,
    status,
    output,
    console: [line(command, output)],
    exit_code: command.exitCode,
  }
}

function line(command: ShellCommand, output: string): { ps1: string; command: string; output: string } {
  return { ps1: command.ps1, command: command.command, output }
}

function info(session: ShellSession): [string, Record<string, unknown>] {
  return [
    session.id,
    {
      working_dir: session.workingDir,
      created_at: new Date(session.createdAt).toISOString(),
      last_used_at: new Date(session.lastUsedAt).toISOString(),
      age_seconds: Math.floor((Date.now() - session.createdAt) / 1000),
      status: session.current ? 'running' : 'ready',
      current_command: session.current?.command ?? null,
    },
  ]
}
