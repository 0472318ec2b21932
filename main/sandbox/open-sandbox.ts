import { z } from 'zod'
import { BerthError, fail } from '../../shared/errors.ts'
import type { Clock } from '../clock.ts'
import { askActivity } from './activity.ts'
import { dataOf } from './answer.ts'
import { bashSessions } from './bash-sessions.ts'
import { exec } from './exec.ts'
import { listFiles, readFile, searchFiles, streamFile, writeFile } from './files.ts'
import { sandboxHttp, type SandboxHttp } from './http.ts'
import type { Address, SandboxApi } from './sandbox-api.ts'

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
