import { z } from 'zod'
import { dataOf, jsonOf } from './answer.ts'
import type { SandboxHttp } from './http.ts'
import type { SandboxActivity } from './sandbox-api.ts'

const lite = z.object({ running: z.number().int(), idle_seconds: z.number(), version: z.string() })
const busy = z.object({ current_command: z.string().nullish() })

/** What runs inside: the lite server says so itself; of any other image the sessions are counted that have a command. */
export async function askActivity(http: SandboxHttp, timeoutMs: number): Promise<SandboxActivity> {
  const look = { method: 'GET', timeoutMs, safe: true, lane: 'control' } as const
  const health = await http.send({ ...look, path: '/healthz' })
  const own = lite.safeParse(health.status === 200 ? jsonOf(health) : undefined)
  if (own.success) return { running: own.data.running, idleSeconds: own.data.idle_seconds, version: own.data.version }
  const [shells, bashes] = await Promise.all([
    http.send({ ...look, path: '/v1/shell/sessions' }),
    http.send({ ...look, path: '/v1/bash/sessions' }),
  ])
  const inShells = dataOf(shells, 'shell/sessions', z.object({ sessions: z.record(z.string(), busy) }))
  // Old images have no bash sessions, so nothing runs in them.
  const inBash = bashes.status === 404 ? [] : dataOf(bashes, 'bash/sessions', z.array(busy))
  const running = [...Object.values(inShells.sessions), ...inBash].filter((session) => session.current_command)
  return { running: running.length, idleSeconds: null, version: null }
}
