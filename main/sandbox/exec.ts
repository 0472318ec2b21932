import { z } from 'zod'
import { abortError } from '../../shared/abort.ts'
import { BerthError } from '../../shared/errors.ts'
import type { Clock } from '../base/clock.ts'
import { dataOf, type SandboxHttp } from './http.ts'
import type { BashSessions } from './bash-sessions.ts'
import { follow, verdict } from './follow.ts'
import type { ExecRequest, ExecResult } from './sandbox-api.ts'

export interface ExecDeps {
  readonly http: SandboxHttp
  readonly sessions: BashSessions
  readonly clock: Clock
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
const execData = z.object({
  session_id: z.string(),
  command_id: z.string().nullish(),
  status: z.string(),
  stdout: text,
  stderr: text,
  exit_code: z
    .number()
    .int()
    .nullish()
    .transform((value) => value ?? null),
  offset: z
    .number()
    .nullish()
    .transform((value) => value ?? 0),
  stderr_offset: z
    .number()
    .nullish()
    .transform((value) => value ?? 0),
})
type ExecData = z.output<typeof execData>

/** Seconds that a sandbox has, after its own deadline, to end the process group and to say so. */
const lateSeconds = 15
/** An answer holds both streams and the command, and JSON writes a control character with six. */
const answerLimit = (maxOutput: number, command: string) => 1024 * 1024 + 12 * (maxOutput + 1024) + 6 * Buffer.byteLength(command)

/**
 * Runs a command in the sandbox, once: it is never sent again, whatever happens, unless the sandbox itself said that it did
 * not start. A caller that goes away takes the command with it.
 */
export async function exec(deps: ExecDeps, request: ExecRequest): Promise<ExecResult> {
  for (let tries = 1; ; tries++) {
    try {
      return await inSession(deps, request)
    } catch (error) {
      // The session was reaped or pushed out before its command came: nothing has run.
      if (!(error instanceof NotStarted)) throw error
      if (tries === 3) throw error.error
      deps.sessions.forget(request.cwd)
    }
  }
}

class NotStarted extends Error {
  readonly error: BerthError
  constructor(error: BerthError) {
    super(error.message)
    this.error = error
  }
}

async function inSession(deps: ExecDeps, request: ExecRequest): Promise<ExecResult> {
  const { http, sessions, clock } = deps
  const { cwd, signal, timeout, maxOutput, onOutput } = request
  if (signal?.aborted) throw abortError(signal)
  const session = await sessions.take(cwd, signal)
  try {
    const started = await start(http, session, request).catch((error: unknown) => {
      if (error instanceof BerthError && error.code === 'SANDBOX_LOST' && error.details?.['status'] === 404) throw new NotStarted(error)
      throw error
    })
    const result = onOutput
      ? await follow({ http, clock, session, command: started.command_id ?? null, maxOutput, onOutput, signal, deadlineMs: deadlineMs(timeout) })
      : whole(started, maxOutput)
    sessions.giveBack(cwd, session)
    return result
  } catch (error) {
    if (!(error instanceof NotStarted)) sessions.abandon(session)
    throw error
  }
}

async function start(http: SandboxHttp, session: string, request: ExecRequest): Promise<ExecData> {
  const { command, cwd, env, timeout, maxOutput, signal, onOutput } = request
  const answer = await http.send({
    method: 'POST',
    path: '/v1/bash/exec',
    body: {
      // A session's commands have a pipe as their input that nobody writes to: `cat` or `rg x` would wait for ever.
      command: `exec </dev/null; ${command}`,
      session_id: session,
      ...(cwd === undefined ? {} : { exec_dir: cwd }),
      ...(env === undefined ? {} : { env }),
      ...(timeout === undefined ? {} : { hard_timeout: timeout }),
      ...(onOutput ? { async_mode: true } : { max_output_length: maxOutput }),
    },
    timeoutMs: onOutput ? 60_000 : deadlineMs(timeout),
    signal,
    safe: false,
    limit: answerLimit(maxOutput, command),
  })
  return dataOf(answer, 'bash/exec', execData)
}

function deadlineMs(timeout: number | undefined): number | null {
  return timeout === undefined ? null : (timeout + lateSeconds) * 1000
}

function whole(data: ExecData, maxOutput: number): ExecResult {
  return {
    ...verdict(data.status, data.exit_code),
    stdout: data.stdout,
    stderr: data.stderr,
    truncated: cut(data.stdout, data.offset, maxOutput) || cut(data.stderr, data.stderr_offset, maxOutput),
  }
}

/**
 * Whether a stream came cut: the sandbox puts a note in place of what it leaves out, which makes the text longer than was
 * asked for, or, where it ran out of its own memory first, shorter than the bytes that it counted.
 */
function cut(stream: string, bytes: number, maxOutput: number): boolean {
  return stream.length > maxOutput || Buffer.byteLength(stream) < bytes
}
