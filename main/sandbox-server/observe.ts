import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import type { Call } from './call.ts'
import { processTable, uptimeSeconds } from './process-table.ts'
import { ok } from './reply.ts'
import { look } from './router.ts'
import type { Route } from './router.ts'
import type { Workspace } from './workspace.ts'

/** A look at what the sandbox uses now; nothing is recorded. */
export function observeRoutes(workspace: Workspace): Route[] {
  const live = async (call: Call) => {
    const asked = Number(call.query.get('top_rows') ?? 10)
    const rows = Number.isInteger(asked) && asked > 0 ? Math.min(asked, 100) : 10
    return ok({
      captured_at: new Date().toISOString(),
      mode: 'off',
      cgroup: cgroup(),
      disk: await disks(['/', workspace.path()]),
      top_processes: top(rows),
      recent_events: [],
    })
  }
  return [look('GET', '/v1/sandbox/observe/live', 'What the sandbox uses now', live)]
}

function cgroup(): Record<string, unknown> {
  const used = number('/sys/fs/cgroup/memory.current')
  const max = number('/sys/fs/cgroup/memory.max')
  const events = text('/sys/fs/cgroup/memory.events')
  const count = (name: string): number => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(events)?.[1] ?? 0)
  return {
    cpu_usage_pct: null,
    mem_current_bytes: used,
    mem_max_bytes: max,
    mem_usage_pct: used !== null && max !== null && max > 0 ? (100 * used) / max : null,
    oom: count('oom'),
    oom_kill: count('oom_kill'),
  }
}

async function disks(paths: readonly string[]): Promise<Record<string, unknown>[]> {
  const found = await Promise.all([...new Set(paths)].map(async (path) => {
    const stats = await statfs(path).catch(() => null)
    if (!stats) return []
    const total = stats.blocks * stats.bsize
    const free = stats.bavail * stats.bsize
    const used = (stats.blocks - stats.bfree) * stats.bsize
    return [{ path, used_bytes: used, total_bytes: total, free_bytes: free, usage_pct: total > 0 ? (100 * used) / total : 0 }]
  }))
  return found.flat()
}

function top(rows: number): Record<string, unknown>[] {
  const uptime = uptimeSeconds()
  return processTable().toSorted((a, b) => b.rssBytes - a.rssBytes).slice(0, rows).map((each) => ({
    pid: each.pid,
    ppid: each.parent,
    user: String(Number(/^Uid:\s+(\d+)/m.exec(text(`/proc/${each.pid}/status`))?.[1] ?? 0)),
    comm: each.name,
    rss_bytes: each.rssBytes,
    rss_mib: each.rssBytes / 1048576,
    // Over the process's whole life: a current figure would take a second look, later.
    cpu_pct: (100 * each.cpuSeconds) / Math.max(0.01, uptime - each.startedAt),
    state: each.state,
  }))
}

/** `max` (no limit) is null, and so is what this system does not have. */
function number(path: string): number | null {
  const value = Number.parseInt(text(path), 10)
  return Number.isNaN(value) ? null : value
}

function text(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
