import { totalmem } from 'node:os'
import type { UsageSample } from '../backend.ts'
import type { Engine } from './engine.ts'

/** What is used of the engine's answer to `GET /containers/{id}/stats` (API 1.41). */
interface Stats {
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } }
  readonly memory_stats?: { readonly usage?: number; readonly limit?: number; readonly stats?: Readonly<Record<string, number>> }
  readonly pids_stats?: { readonly current?: number }
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>
  readonly blkio_stats?: { readonly io_service_bytes_recursive?: readonly { readonly op: string; readonly value: number }[] | null }
}

/** One sample. `one-shot`: without it the engine waits a second for a second one. */
export async function readUsage(engine: Engine, ref: string): Promise<UsageSample | null> {
  const stats = await engine.call<Stats | null>(
    'measure a sandbox',
    10_000,
    async (abortSignal) =>
      (await engine.docker.getContainer(ref).stats({ stream: false, 'one-shot': true, abortSignal } as { stream: false })) as unknown as Stats,
    { idempotent: true, answers: { 404: () => null, 409: () => null } },
  )
  return stats && sampleOf(stats, totalmem())
}

/** The engine's numbers as ours. Without a limit it names the whole machine's memory. */
export function sampleOf(stats: Stats, machineMemory: number): UsageSample {
  const { usage, limit, stats: kinds = {} } = stats.memory_stats ?? {}
  // Pages that the kernel drops when it needs room; the name differs between cgroup v2 and v1.
  const cache = kinds['inactive_file'] ?? kinds['total_inactive_file'] ?? 0
  const nets = stats.networks === undefined ? null : Object.values(stats.networks)
  const disk = stats.blkio_stats?.io_service_bytes_recursive ?? null
  const total = (op: string) => disk && disk.filter((row) => row.op.toLowerCase() === op).reduce((sum, row) => sum + row.value, 0)
  const cpu = stats.cpu_stats?.cpu_usage?.total_usage
  return {
    cpuMs: cpu === undefined ? null : cpu / 1e6,
    memory: usage === undefined ? null : Math.max(0, usage - cache),
    memoryLimit: limit === undefined || limit >= machineMemory ? null : limit,
    pids: stats.pids_stats?.current ?? null,
    netIn: nets && nets.reduce((sum, net) => sum + net.rx_bytes, 0),
    netOut: nets && nets.reduce((sum, net) => sum + net.tx_bytes, 0),
    diskRead: total('read'),
    diskWritten: total('write'),
  }
}
