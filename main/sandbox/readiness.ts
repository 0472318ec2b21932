import { z } from 'zod'
import { abortError, orAborted } from '../../shared/abort.ts'
import { BerthError, type ErrorCode, fail } from '../../shared/errors.ts'
import type { Clock } from '../base/clock.ts'
import { dataOf, sandboxHttp } from './http.ts'
import type { SandboxApi } from './sandbox-api.ts'

/** One try waits this long at most: a half-started server may accept a connection and then say nothing. */
const tryMs = 2_000
const execMs = 10_000

/**
 * Resolves once a command has really run: a 200 of `/v1/sandbox` alone can lie. A connection that is refused is normal
 * until then. Throws NOT_READY with the last failure, at once what will never change (SANDBOX_REFUSED, IMAGE_UNUSABLE), or
 * the signal's reason.
 */
export async function readiness(api: SandboxApi, options: { signal: AbortSignal; clock: Clock; timeoutMs: number }): Promise<void> {
  const { signal, clock, timeoutMs } = options
  const start = clock.now()
  let last: BerthError | null = null
  let absentSince: number | null = null
  /** Beside the proof and not waited for; once, however often that is tried. */
  let ahead: Promise<void> | null = null
  for (;;) {
    if (signal.aborted) throw abortError(signal)
    /** Of what the step under way may take at most: less than that near the end. */
    let step = { wants: tryMs, has: start + timeoutMs - clock.now() }
    if (step.has <= 0) throw notReady(timeoutMs, last)
    try {
      // A probe has no signal of its own, and may wait for seconds.
      await orAborted(api.probe(Math.min(step.wants, step.has)), signal)
      ahead ??= api.prepare(signal).catch(() => undefined) // the first command makes it then, and says why it cannot
      step = { wants: execMs, has: Math.max(1, start + timeoutMs - clock.now()) }
      await runTrue(api, clock, Math.min(step.wants, step.has), signal)
      return
    } catch (error) {
      if (signal.aborted) throw abortError(signal)
      if (!(error instanceof BerthError) || final.has(error.code)) throw error
      const status = error.details?.['status']
      if (status === cannotRun) throw unusable(error.message, error)
      absentSince = status === 404 ? (absentSince ?? clock.now()) : null
      if (absentSince !== null && clock.now() - absentSince >= absentForMs) throw unusable('what answers in it knows nothing of `/v1/sandbox`', error)
      // What was cut short by the end of the time says nothing about the sandbox; no clock tells that, as a timer may be early.
      if (last === null || step.has >= step.wants || !timedOut(error)) last = error
    }
    await clock.sleep(Math.min(nextDelay(clock.now() - start), Math.max(0, start + timeoutMs - clock.now())), signal).catch((error: unknown) => {
      throw signal.aborted ? abortError(signal) : error
    })
  }
}

const final = new Set<ErrorCode>(['SANDBOX_REFUSED', 'CANCELLED'])
/** The lite server's word for an image in which no command will ever run. */
const cannotRun = 501
/** A server that is there and does not know the API for this long never will; one that starts behind it may need a moment. */
const absentForMs = 3_000

const timedOut = (error: BerthError) => error.code === 'TIMEOUT' || (error.cause instanceof BerthError && error.cause.code === 'TIMEOUT')

/** Milliseconds to the next try: a twentieth of what has passed, so that no boot seems much longer than it was. */
export function nextDelay(elapsedMs: number): number {
  return Math.min(250, Math.max(10, elapsedMs / 20))
}

async function runTrue(api: SandboxApi, clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const late = new AbortController()
  const timer = clock.timer(timeoutMs, () => late.abort())
  try {
    // Not in the workspace, which would be made: a sandbox that is started ahead must hold nothing before it is a thread's.
    const { exitCode } = await api.exec({ command: 'true', cwd: '/', maxOutput: 1024, signal: AbortSignal.any([signal, late.signal]) })
    if (exitCode !== 0) throw notTrue(exitCode)
  } catch (error) {
    if (error instanceof BerthError && error.code === 'NOT_SUPPORTED') return await runInShell(api, clock, timeoutMs, signal)
    if (late.signal.aborted && !signal.aborted) {
      throw fail('TIMEOUT', 'A first command in the sandbox did not end', { next: 'Look at `berth logs`.', cause: error })
    }
    throw error
  } finally {
    timer.cancel()
  }
}

/** Images from before the bash API have the terminal one only. */
async function runInShell(api: SandboxApi, clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const http = sandboxHttp(api.address, clock)
  try {
    const answer = await http.send({ method: 'POST', path: '/v1/shell/exec', body: { command: 'true' }, timeoutMs, signal, safe: true })
    const { exit_code: exitCode } = dataOf(answer, 'shell/exec', z.object({ exit_code: z.number().nullish() }))
    if (exitCode !== 0) throw notTrue(exitCode ?? null)
  } finally {
    await http.close()
  }
}

function unusable(why: string, cause: BerthError): BerthError {
  return fail('IMAGE_UNUSABLE', `The image is of no use for a sandbox: ${why}`, {
    next: 'Set `image` to an AIO image (1.9.3 or later), to berth-lite, or to one made FROM it with a bash in PATH; its own start must not be replaced.',
    cause,
  })
}

function notTrue(exitCode: number | null): BerthError {
  return fail('SANDBOX_UNREACHABLE', `A first command in the sandbox ended with ${exitCode ?? 'no exit code'}`, { next: 'Look at `berth logs`.' })
}

function notReady(timeoutMs: number, last: BerthError | null): BerthError {
  return fail('NOT_READY', `The sandbox was not ready within ${Math.round(timeoutMs / 1000)} s: ${last?.message ?? 'it was never reached'}`, {
    next: 'Look at `berth logs`; a slow image needs a larger `ready_timeout`.',
    cause: last ?? undefined,
  })
}
