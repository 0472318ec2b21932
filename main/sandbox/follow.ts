import { z } from 'zod'
import { fail } from '../../shared/errors.ts'
import type { Clock } from '../clock.ts'
import { dataOf } from './answer.ts'
import { verdict } from './exec-verdict.ts'
import { reasonOf, type SandboxHttp } from './http.ts'
import { keeper } from './keeper.ts'
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

const text = z.string().nullish().transform((value) => value ?? '')
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
    if (signal?.aborted) throw reasonOf(signal)
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
      session_id: session, ...(command === null ? {} : { command_id: command }),
      offset: offsets.stdout, stderr_offset: offsets.stderr, wait, wait_timeout: waitSeconds,
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
      void fetch(request, offsets, false).catch(() => undefined).then(() => {
        if (!vouching.done) again()
      })
    })
  }
  again()
  const stop = Promise.withResolvers<never>()
  const abort = () => stop.reject(reasonOf(request.signal))
  request.signal?.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([work(), stop.promise])
  } finally {
    vouching.done = true
    vouching.timer?.cancel()
    request.signal?.removeEventListener('abort', abort)
  }
}

function overdue() {
  return fail('TIMEOUT', 'The command went on after its time was up, and the sandbox did not end it', {
    next: 'Destroy the sandbox if it stays busy; files of its thread stay.',
  })
}
