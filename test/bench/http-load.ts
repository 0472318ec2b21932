import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Pool } from 'undici'
import { startRig } from './rig.ts'
import { type Row, rowOf } from './stats.ts'

/** Connections that are kept and used all at once. */
const levels = [1, 16, 64] as const
/** Long enough for a steady rate, short enough that the levels are interleaved. */
const sliceMs = 1000

/**
 * The cached acquire over HTTP: an engine in a process of its own, one thread's sandbox that is there already, kept
 * connections with one request each under way. Two rows a level: `reuse_http_cN` has each request's time, and
 * `reuse_http_cN_rps` the requests a second of each slice (so that its p50 is the usual rate, its p99 the best slice).
 * The client runs on the same machine and takes its share of it: the rates are what both reach together.
 */
export async function reuseUnderLoad(config: string, slices: number): Promise<Record<string, Row>> {
  const rig = await startRig('load', config)
  const took = new Map<number, number[]>(levels.map((level) => [level, []]))
  const rates = new Map<number, number[]>(levels.map((level) => [level, []]))
  try {
    await rig.client.call('acquire', { thread: 'load' })
    const ask = acquireOf((await readFile(join(rig.home, 'token'), 'utf8')).trim())
    const pools = levels.map((level) => [level, new Pool(rig.client.url, { connections: level, pipelining: 1 })] as const)
    // The first slice of each opens connections and warms code up; it is no sample.
    for (let slice = 0; slice <= slices; slice += 1) {
      for (const [level, pool] of pools) {
        const times = await load(pool, level, ask)
        if (slice === 0) continue
        took.get(level)?.push(...times.each)
        rates.get(level)?.push((1000 * times.each.length) / times.ms)
      }
    }
    await Promise.all(pools.map(([, pool]) => pool.close()))
  } finally {
    await rig.close()
  }
  return Object.fromEntries(
    levels.flatMap((level) => [
      [`reuse_http_c${level}`, rowOf(took.get(level) ?? [])],
      [`reuse_http_c${level}_rps`, rowOf(rates.get(level) ?? [], 'rps')],
    ]),
  )
}

type Ask = (pool: Pool) => Promise<void>

function acquireOf(token: string): Ask {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return async (pool) => {
    const { statusCode, body } = await pool.request({ method: 'POST', path: '/berth/v1/acquire', headers, body: '{"thread":"load"}' })
    const text = await body.text()
    if (statusCode !== 200) throw new Error(`a cached acquire failed with ${statusCode}: ${text}`)
  }
}

async function load(pool: Pool, connections: number, ask: Ask): Promise<{ each: number[]; ms: number }> {
  const each: number[] = []
  const began = performance.now()
  const one = async () => {
    while (performance.now() - began < sliceMs) {
      const sent = performance.now()
      await ask(pool)
      each.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
  return { each, ms: performance.now() - began }
}
