import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { dataOf, type SandboxHttp } from './http.ts'

/**
 * Bash sessions of our own, one command at a time each, used again: a session a command would push out those of the agents
 * (an image keeps 10 to 50), and only a session whose id is known beforehand can be killed while its command runs.
 */
export interface BashSessions {
  /** An idle one for commands that start in this directory (undefined: the sandbox's own default), or a new one. */
  take(cwd: string | undefined, signal: AbortSignal | undefined): Promise<string>
  /** Makes an idle one for the next such command, so that it need not be made then. */
  prepare(cwd: string | undefined, signal: AbortSignal | undefined): Promise<void>
  /** Its command has ended. */
  giveBack(cwd: string | undefined, id: string): void
  /** Something went wrong in it: what may still run there is ended, politely first. Goes on by itself. */
  abandon(id: string): void
  /** The sandbox has forgotten it. */
  forget(cwd: string | undefined): void
}

/** Idle sessions kept in all; more are closed. */
const keptIdle = 6
/** Their turn among many counts in it: one that is given up too early leaves a command running that nobody will ever end. */
const controlMs = 60_000
/** Milliseconds from the polite signal to the other one. */
const graceMs = 2_000

export function bashSessions(http: SandboxHttp, later: (ms: number, run: () => void) => void): BashSessions {
  /** Oldest first. A session is bound to its directory, as upstream a command's own directory may become the session's. */
  const idle: { cwd: string | undefined; id: string }[] = []

  async function control(path: string, body?: unknown): Promise<void> {
    // Nobody waits for these, and a sandbox that is gone has nothing left to end.
    await http.send({ method: 'POST', path, body: body ?? {}, timeoutMs: controlMs, safe: true, lane: 'control' }).catch(() => undefined)
  }
  const close = (id: string) => control(`/v1/bash/sessions/${encodeURIComponent(id)}/close`)

  async function make(cwd: string | undefined, signal: AbortSignal | undefined): Promise<string> {
    const id = `berth-${randomBytes(8).toString('hex')}`
    const answer = await http.send({
      method: 'POST',
      path: '/v1/bash/sessions/create',
      body: { session_id: id, ...(cwd === undefined ? {} : { exec_dir: cwd }) },
      timeoutMs: 30_000,
      signal,
      safe: true,
    })
    return dataOf(answer, 'bash/sessions/create', z.object({ session_id: z.string() })).session_id
  }

  function keep(cwd: string | undefined, id: string): void {
    idle.push({ cwd, id })
    const [oldest] = idle.length > keptIdle ? idle.splice(0, 1) : []
    if (oldest) void close(oldest.id)
  }

  return {
    async take(cwd, signal) {
      const at = idle.findLastIndex((session) => session.cwd === cwd)
      const [known] = at >= 0 ? idle.splice(at, 1) : []
      return known?.id ?? (await make(cwd, signal))
    },
    async prepare(cwd, signal) {
      keep(cwd, await make(cwd, signal))
    },
    giveBack: keep,
    abandon(id) {
      void control('/v1/bash/kill', { session_id: id, signal: 'SIGTERM' })
      later(graceMs, () => {
        void control('/v1/bash/kill', { session_id: id, signal: 'SIGKILL' }).then(() => close(id))
      })
    },
    forget(cwd) {
      // Its neighbours of the same directory were idle for longer, and so are forgotten too.
      for (let at = idle.length - 1; at >= 0; at--) if (idle[at]?.cwd === cwd) idle.splice(at, 1)
    },
  }
}
