import { z } from 'zod'
import { BerthError, fail } from '../../shared/errors.ts'
import type { Clock } from '../base/clock.ts'
import { dataOf, jsonOf, sandboxHttp, type SandboxHttp } from './http.ts'
import { bashSessions } from './bash-sessions.ts'
import { exec } from './exec.ts'
import { listFiles, readFile, searchFiles, streamFile, writeFile } from './files.ts'
import type { Address, SandboxActivity, SandboxApi } from './sandbox-api.ts'

/** The client of one sandbox. Connects at the first call; whoever opened it closes it. */
export function openSandbox({ address, clock }: { address: Address; clock: Clock }): SandboxApi {
  const plain = sandboxHttp(address, clock)
  let proof = -Infinity
  /** Any answer that needed our key proves that this very sandbox lives; `/healthz` answers strangers too. */
  const http: SandboxHttp = {
    async send(call) {
      const answer = await plain.send(call).catch((error: unknown) => {
        // Nobody there a moment later: what was proven before proves nothing any more.
        if (error instanceof BerthError && error.code === 'SANDBOX_UNREACHABLE') proof = -Infinity
        throw error
      })
      // A gateway on the way speaks for a sandbox that it cannot reach.
      if (answer.status >= 502 && answer.status <= 504) proof = -Infinity
      if (call.path.startsWith('/v1/') && answer.status !== 401 && answer.status < 500) proof = clock.now()
      return answer
    },
    close: () => plain.close(),
  }
  const sessions = bashSessions(http, (ms, run) => void clock.timer(ms, run))
  return {
    address,
    lastProof: () => proof,
    async probe(timeoutMs) {
      try {
        const answer = await http.send({ method: 'GET', path: '/v1/sandbox', timeoutMs, safe: true, lane: 'control' })
        dataOf(answer, 'GET /v1/sandbox', z.unknown())
      } catch (error) {
        throw silent(error)
      }
    },
    prepare: (signal) => sessions.prepare(undefined, signal),
    exec: (request) => exec({ http, sessions, clock }, request),
    read: (path) => readFile(http, path),
    stream: (path, onData, signal) => streamFile(http, path, onData, signal),
    write: (path, content, append) => writeFile(http, path, content, append),
    list: (path, options) => listFiles(http, path, options),
    search: (request) => searchFiles(http, request),
    activity: (timeoutMs) => askActivity(http, timeoutMs),
    close: () => http.close(),
  }
}

/** Of a probe there are two outcomes only beside an answer: refused, or nobody (usable) there. */
function silent(error: unknown): unknown {
  if (!(error instanceof BerthError) || error.code === 'SANDBOX_REFUSED' || error.code === 'SANDBOX_UNREACHABLE') return error
  return fail('SANDBOX_UNREACHABLE', error.message, { next: error.next, details: error.details, cause: error })
}

const lite = z.object({ running: z.number().int(), idle_seconds: z.number(), version: z.string() })
const busy = z.object({ current_command: z.string().nullish() })

/** What runs inside: the lite server says so itself; of any other image the sessions are counted that have a command. */
async function askActivity(http: SandboxHttp, timeoutMs: number): Promise<SandboxActivity> {
  const look = { method: 'GET', timeoutMs, safe: true, lane: 'control' } as const
  const health = await http.send({ ...look, path: '/healthz' })
  const own = lite.safeParse(health.status === 200 ? jsonOf(health) : undefined)
  if (own.success) return { running: own.data.running, idleSeconds: own.data.idle_seconds, version: own.data.version }
  const [shells, bashes] = await Promise.all([http.send({ ...look, path: '/v1/shell/sessions' }), http.send({ ...look, path: '/v1/bash/sessions' })])
  const inShells = dataOf(shells, 'shell/sessions', z.object({ sessions: z.record(z.string(), busy) }))
  // Old images have no bash sessions, so nothing runs in them.
  const inBash = bashes.status === 404 ? [] : dataOf(bashes, 'bash/sessions', z.array(busy))
  const running = [...Object.values(inShells.sessions), ...inBash].filter((session) => session.current_command)
  return { running: running.length, idleSeconds: null, version: null }
}
