import { timerMs } from '../../shared/timer.ts'
import type { BashCommand } from './bash-command.ts'
import { type BashSession, type BashSessions, busy, touch } from './bash-sessions.ts'
import type { Call } from './served-call.ts'
import { truncateMiddle } from './output-buffer.ts'
import { ok, type Reply, RequestError } from './reply.ts'
import { look, type Route, work } from './router.ts'
import { type Entered, isDirectory, type Workspace } from './workspace.ts'
import { absolutePath, bool, number, oneOf, optional, or, parse, text, textMap } from './validate.ts'

const execShape = {
  command: text,
  session_id: optional(text),
  exec_dir: optional(absolutePath),
  env: optional(textMap),
  async_mode: or(bool, false),
  timeout: optional(number({ min: 0 })),
  hard_timeout: optional(number({ min: 0 })),
  max_output_length: or(number({ min: 0, whole: true }), 50_000),
}

/** Characters of a command in an answer about its output. */
const echoed = 30_000

const outputShape = {
  session_id: text,
  command_id: optional(text),
  offset: or(number({ min: 0, whole: true }), 0),
  stderr_offset: or(number({ min: 0, whole: true }), 0),
  wait: or(bool, false),
  wait_timeout: or(number({ min: 0, max: 3600 }), 30),
}

export function bashRoutes(sessions: BashSessions, settings: { workspace: Workspace; environment: Readonly<Record<string, string>> }): Route[] {
  const exec = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), execShape)
    if (body.command.includes('\0')) throw new RequestError(400, 'The command holds a NUL character, which no command line can')
    const known = body.session_id === undefined ? null : sessions.list().find((each) => each.id === body.session_id)
    const asked = body.exec_dir ?? known?.workingDir ?? null
    const { directory: cwd, note } = asked === null ? await settings.workspace.enter() : await named(asked)
    const session = body.session_id === undefined ? sessions.create(undefined, asked) : sessions.get(body.session_id)
    const sync = !body.async_mode
    const command = await sessions.run(session, {
      command: body.command,
      cwd,
      note,
      env: { ...settings.environment, WORKSPACE: settings.workspace.path(), ...body.env },
      // Whoever neither knows the session nor comes back to it cannot write to the command.
      input: body.async_mode || body.timeout !== undefined || body.session_id !== undefined,
      followed: body.async_mode,
      uncut: sync && (body.max_output_length === 0 || body.max_output_length > 100_000),
      hardTimeout: body.hard_timeout,
    })
    if (sync) await endOrTimeout(command, body.timeout)
    const answer = result(session, command, sync ? body.max_output_length : 0)
    // Megabytes that have just been given are not kept for a second asking.
    if (!command.running && command.held > 1024 * 1024) command.forget()
    return ok(answer)
  }

  const output = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), outputShape)
    const session = sessions.get(body.session_id)
    touch(session)
    const command = find(session, body.command_id)
    if (!command) {
      return ok({ session_id: session.id, stdout: '', stderr: '', offset: body.offset, stderr_offset: body.stderr_offset, command: null })
    }
    command.fetched(body.offset, body.stderr_offset)
    if (body.wait) await news(command, body.offset, body.stderr_offset, body.wait_timeout * 1000, call)
    // Ended or not is decided once: output that comes after this line belongs to the next answer.
    const ended = !command.running
    const stdout = command.stdout.read(body.offset, ended)
    const stderr = command.stderr.read(body.stderr_offset, ended)
    return ok({
      session_id: session.id,
      stdout: stdout.text,
      stderr: stderr.text,
      offset: stdout.end,
      stderr_offset: stderr.end,
      // Asked for many times a second: a command of megabytes is not sent along each time.
      command: { command_id: command.id, command: truncateMiddle(command.command, echoed), status: command.status, exit_code: command.exitCode },
    })
  }

  const write = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), { session_id: text, command_id: optional(text), input: text })
    const session = sessions.get(body.session_id)
    touch(session)
    const command = find(session, body.command_id)
    if (!command?.write(body.input)) throw new RequestError(400, 'No command in this session takes input')
    return ok(null)
  }

  const kill = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), { session_id: text, signal: or(oneOf('SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGQUIT'), 'SIGTERM') })
    const session = sessions.get(body.session_id)
    touch(session)
    const running = session.commands.filter((each) => each.running)
    for (const each of running) each.kill(body.signal)
    return ok(null, running.length === 0 ? 'No command is running' : 'Operation successful')
  }

  const create = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), { session_id: optional(text), exec_dir: optional(absolutePath), snapshot_path: optional(text) })
    if (body.exec_dir !== undefined) await named(body.exec_dir)
    return ok(info(sessions.create(body.session_id, body.exec_dir ?? null)))
  }

  const info = (session: BashSession): Record<string, unknown> => ({
    session_id: session.id,
    // "closed" sessions are forgotten, so none is ever listed.
    status: 'ready',
    working_dir: session.workingDir ?? settings.workspace.path(),
    created_at: new Date(session.createdAt).toISOString(),
    last_used_at: new Date(session.lastUsedAt).toISOString(),
    current_command: busy(session) ? (session.commands.findLast((each) => each.running)?.command ?? null) : null,
    command_count: session.count,
  })

  return [
    work('POST', '/v1/bash/exec', 'Run a command in a new process', exec),
    work('POST', '/v1/bash/output', 'Fetch output from an offset', output),
    work('POST', '/v1/bash/write', 'Write to a running command', write),
    work('POST', '/v1/bash/kill', 'Signal what runs in a session', kill),
    look('GET', '/v1/bash/sessions', 'List bash sessions', () => ok(sessions.list().map(info))),
    work('POST', '/v1/bash/sessions/create', 'Create a bash session', create),
    work('POST', '/v1/bash/sessions/{}/close', 'Close a bash session', (call) => {
      sessions.close(call.params[0] ?? '')
      return ok(null)
    }),
  ]
}

async function endOrTimeout(command: BashCommand, seconds: number | undefined): Promise<void> {
  if (seconds === undefined) return command.ended
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, timerMs(seconds * 1000))
  await Promise.race([command.ended, promise])
  clearTimeout(timer)
}

/** Waits until there is output beyond the offsets, the end, or the time is up; not for a client that has gone. */
async function news(command: BashCommand, offset: number, errorOffset: number, ms: number, call: Call): Promise<void> {
  const until = performance.now() + ms
  while (command.running && command.stdout.total <= offset && command.stderr.total <= errorOffset && !call.gone) {
    const left = until - performance.now()
    if (left <= 0) return
    await command.changed(Math.min(left, 5000))
  }
}

function result(session: BashSession, command: BashCommand, limit: number): Record<string, unknown> {
  const ended = !command.running
  const stdout = command.stdout.read(0, ended)
  const stderr = command.stderr.read(0, ended)
  return {
    session_id: session.id,
    command_id: command.id,
    command: command.command,
    status: command.status,
    stdout: truncateMiddle(stdout.text, limit),
    stderr: truncateMiddle(stderr.text, limit),
    exit_code: command.exitCode,
    offset: stdout.end,
    stderr_offset: stderr.end,
  }
}

function find(session: BashSession, id: string | undefined): BashCommand | undefined {
  if (id === undefined) return session.commands.at(-1)
  const command = session.commands.find((each) => each.id === id)
  if (!command) throw new RequestError(404, 'Command not found')
  return command
}

/** Asked before anything starts: from a missing directory, spawn reports that `bash` is missing. */
async function named(directory: string): Promise<Entered> {
  if (await isDirectory(directory)) return { directory, note: null }
  throw new RequestError(400, `Working directory does not exist: ${directory}`, 'Make it first, by a command that starts elsewhere, or name another directory')
}
