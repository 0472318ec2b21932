import type { BashSessions } from './bash-sessions.ts'
import type { Call } from './served-call.ts'
import { ok, type Reply, RequestError } from './reply.ts'
import { type Route, work } from './router.ts'
import { isDirectory, type Workspace } from './workspace.ts'
import { bool, number, oneOf, optional, or, parse, text } from './validate.ts'

/** The interpreter of each language, reading its program from standard input. */
const programs = { python: 'exec python3 -', javascript: 'exec node -' } as const

/** Code without a session: an interpreter of its own for each call. */
export function codeRoutes(bash: BashSessions, settings: { workspace: Workspace; environment: Readonly<Record<string, string>> }): Route[] {
  const execute = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), {
      language: oneOf('python', 'javascript'),
      code: text,
      timeout: or(number({ min: 1, max: 300 }), 30),
      cwd: optional(text),
      stateful: or(bool, false),
      session_id: optional(text),
    })
    if (body.stateful) throw new RequestError(400, 'Code sessions are not available in this sandbox image', 'Call without stateful')
    if (body.cwd !== undefined && !(await isDirectory(body.cwd))) throw new RequestError(400, `Working directory does not exist: ${body.cwd}`)
    const { directory: cwd, note } = body.cwd === undefined ? await settings.workspace.enter() : { directory: body.cwd, note: null }
    const session = bash.create(undefined, cwd)
    const command = await bash.run(session, {
      command: programs[body.language],
      cwd,
      note,
      env: { ...settings.environment, WORKSPACE: settings.workspace.path() },
      input: true,
      followed: false,
      uncut: false,
      hardTimeout: body.timeout,
    })
    command.write(body.code)
    command.endInput()
    await command.ended
    const [stdout, stderr] = [command.stdout.all(), command.stderr.all()]
    bash.close(session.id)
    const failed = command.status !== 'completed' || command.exitCode !== 0
    const streams = [
      { name: 'stdout', text: stdout },
      { name: 'stderr', text: stderr },
    ]
    return ok({
      language: body.language,
      status: command.status === 'timed_out' ? 'timeout' : failed ? 'error' : 'ok',
      code: body.code,
      outputs: streams.filter((each) => each.text !== '').map((each) => ({ output_type: 'stream', ...each })),
      stdout,
      stderr,
      exit_code: command.exitCode,
      traceback: failed && stderr !== '' ? stderr : null,
      session_id: null,
    })
  }
  return [work('POST', '/v1/code/execute', 'Run Python or JavaScript', execute)]
}
