import { z } from 'zod'
import { abortError, orAborted } from '../../shared/abort.ts'
import { fail } from '../../shared/errors.ts'
import type { Clock } from '../base/clock.ts'
import { dataOf, type SandboxHttp } from './http.ts'
import type { ExecRequest, ExecResult } from './sandbox-api.ts'

export interface FollowRequest {
  readonly http: SandboxHttp
  readonly clock: Clock
  readonly session: string
  readonly command: string | null
  readonly maxOutput: number
  readonly onOutput: NonNullable<ExecRequest['onOutput']>
  readonly signal: AbortSignal | undefined
  readonly deadlineMs: number | null
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
const outputData = z.object({
  stdout: text,
  stderr: text,
  offset: z.number(),
  stderr_offset: z.number(),
  command: z.object({ status: z.string(), exit_code: z.number().int().nullish() }).nullish(),
})

const waitSeconds = 25
/** A reader that takes longer is vouched for this often, so that the sandbox goes on holding the output back for it. */
const vouchMs = 2_000
const running = new Set(['running', 'pending'])

/** Passes a running command's output on as it comes, until its end. The sandbox waits while `onOutput` does. */
export async function follow(request: FollowRequest): Promise<ExecResult> {
  const { clock, deadlineMs, signal, maxOutput } = request
  const until = deadlineMs === null ? Infinity : clock.now() + deadlineMs
  const kept = { stdout: keeper(maxOutput), stderr: keeper(maxOutput) }
  const offsets = { stdout: 0, stderr: 0 }
  let lost = false
  for (;;) {
    if (signal?.aborted) throw abortError(signal)
    if (clock.now() > until) throw overdue()
    const news = await fetch(request, offsets, true)
    const pieces = [
      { stream: 'stdout', data: news.stdout, end: news.offset },
      { stream: 'stderr', data: news.stderr, end: news.stderr_offset },
    ] as const
    for (const { stream, data, end } of pieces) {
      lost ||= Buffer.byteLength(data) < end - offsets[stream]
      offsets[stream] = end
      if (data === '') continue
      if (maxOutput > 0) kept[stream].add(data)
      await vouched(request, offsets, async () => request.onOutput(stream, data))
    }
    const ended = news.command && !running.has(news.command.status)
    // What it wrote last may have come after this answer was made up.
    if (!ended || news.stdout !== '' || news.stderr !== '') continue
    return {
      ...verdict(news.command?.status ?? '', news.command?.exit_code ?? null),
      stdout: maxOutput === 0 ? '' : kept.stdout.text(),
      stderr: maxOutput === 0 ? '' : kept.stderr.text(),
      truncated: lost || (maxOutput > 0 && (kept.stdout.truncated || kept.stderr.truncated)),
    }
  }
}

async function fetch(request: FollowRequest, offsets: { stdout: number; stderr: number }, wait: boolean) {
  const { http, session, command, signal } = request
  const answer = await http.send({
    method: 'POST',
    path: '/v1/bash/output',
    body: {
      session_id: session,
      ...(command === null ? {} : { command_id: command }),
      offset: offsets.stdout,
      stderr_offset: offsets.stderr,
      wait,
      wait_timeout: waitSeconds,
    },
    timeoutMs: (waitSeconds + 30) * 1000,
    signal,
    // Fetching the same bytes twice changes nothing.
    safe: true,
  })
  return dataOf(answer, 'bash/output', outputData)
}

/** Runs what may take long, telling the sandbox meanwhile that somebody is still there. */
async function vouched(request: FollowRequest, offsets: { stdout: number; stderr: number }, work: () => Promise<void>): Promise<void> {
  const vouching: { timer: { cancel(): void } | null; done: boolean } = { timer: null, done: false }
  const again = () => {
    vouching.timer = request.clock.timer(vouchMs, () => {
      // A failure shows at the next real fetch.
      void fetch(request, offsets, false)
        .catch(() => undefined)
        .then(() => {
          if (!vouching.done) again()
        })
    })
  }
  again()
  try {
    await orAborted(work(), request.signal)
  } finally {
    vouching.done = true
    vouching.timer?.cancel()
  }
}

function overdue() {
  return fail('TIMEOUT', 'The command went on after its time was up, and the sandbox did not end it', {
    next: 'Destroy the sandbox if it stays busy; files of its thread stay.',
  })
}

/** Keeps the beginning and the end of a text that comes in pieces, `limit` characters in all. */
export interface Keeper {
  add(text: string): void
  /** The whole, or both ends with a note between them. */
  text(): string
  readonly truncated: boolean
}

export function keeper(limit: number): Keeper {
  const headLimit = Math.ceil(limit / 2)
  const tailLimit = limit - headLimit
  let head = ''
  let tail = ''
  let dropped = 0
  return {
    add(text) {
      const fits = text.slice(0, headLimit - head.length)
      head += fits
      tail += text.slice(fits.length)
      // Cut in large steps: cutting at every piece would copy the tail again and again.
      if (tail.length > 2 * tailLimit + 4096) cut()
    },
    text() {
      cut()
      return dropped === 0 ? head + tail : `${head}\n[... ${dropped} characters left out ...]\n${tail}`
    },
    get truncated() {
      return dropped > 0 || tail.length > tailLimit
    },
  }

  function cut(): void {
    const excess = tail.length - tailLimit
    if (excess <= 0) return
    dropped += excess
    tail = tail.slice(excess)
  }
}

/** How a command ended. One that was ended from outside has no exit code of its own. */
export function verdict(status: string, exitCode: number | null): Pick<ExecResult, 'status' | 'exitCode'> {
  if (status === 'completed') return { status, exitCode }
  if (status === 'timed_out' || status === 'killed') return { status, exitCode: null }
  throw fail('SANDBOX_FAILED', `The sandbox ended a command with the status "${status}", which Berth does not know`, {
    next: 'Check that the image is an AIO or lite sandbox image.',
  })
}
