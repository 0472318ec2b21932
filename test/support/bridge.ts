import { join } from 'node:path'
import { systemClock } from '../../main/base/clock.ts'
import { openEvents, type Events } from '../../main/house/events/events.ts'
import { directAddressing } from '../../main/calls/rpc/addressing.ts'
import { bindHandlers } from '../../main/calls/rpc/bind-handlers.ts'
import { contractId } from '../../main/calls/rpc/contract-hash.ts'
import { createDispatch } from '../../main/calls/rpc/dispatch.ts'
import { type Bridge, startBridge } from '../../main/doors/bridge/start-bridge.ts'
import type { Limits } from '../../main/doors/http/body.ts'
import type { PortPlan } from '../../main/doors/client/port.ts'
import type { Log } from '../../main/base/log.ts'
import { type Metrics, openMetrics } from '../../main/house/metrics/metrics.ts'
import { openTokens, type Tokens } from '../../main/house/tokens/tokens.ts'
import { version } from '../../main/base/version.ts'
import { memoryProvider, type MemoryProvider } from './memory-provider.ts'
import { desktopParts } from './desktop-parts.ts'
import { tempDir } from './temp-dir.ts'

export const testToken = `e2b_${'5'.repeat(40)}`

/** What the bridge takes for its home unless it is told another. */
export const testHome = '/home/of/the/test'

export interface TestBridge {
  readonly bridge: Bridge
  readonly provider: MemoryProvider
  readonly events: Events
  readonly tokens: Tokens
  readonly metrics: Metrics
  readonly logged: string[]
  readonly forgotten: string[]
  readonly stopped: string[]
  close(): Promise<void>
}

/** A real bridge over the real dispatch, with a provider in memory. */
export async function openTestBridge(
  options: { limits?: Partial<Limits>; plan?: PortPlan; token?: string; home?: string; instance?: string; eventFile?: string; log?: Log } = {},
): Promise<TestBridge> {
  const logged: string[] = []
  const forgotten: string[] = []
  const stopped: string[] = []
  const token = options.token ?? testToken
  const log: Log = (level, text, cause) => {
    logged.push(`${text}: ${String(cause)}`)
    options.log?.(level, text, cause)
  }
  const events = openEvents({ clock: systemClock(), instance: options.instance ?? 'instance-1', file: options.eventFile ?? null, log })
  const memory = memoryProvider()
  const dir = await tempDir('bridge')
  const tokens = await openTokens({ file: join(dir.path, 'tokens.json'), master: token, clock: systemClock(), publish: events.publish })
  const metrics = openMetrics({ clock: systemClock(), version, backend: 'embedded', sandboxes: memory.list, waiting: () => 0, events })
  events.subscribe(metrics.heard)
  const provider = { ...memory, acquire: metrics.timed(memory.acquire) }
  const handlers = bindHandlers({
    ...desktopParts({ clock: systemClock(), events, tokens, provider }),
    provider,
    tokens,
    events,
    addressing: directAddressing(),
    version,
    contract: contractId(),
    token,
    home: options.home ?? testHome,
    status: async () => ({
      version,
      instance: events.instance,
      pid: process.pid,
      started_at: new Date().toISOString(),
      home: options.home ?? testHome,
      backend: {
        kind: 'embedded',
        chosen: 'auto',
        reason: 'no container engine answers',
        isolation: 'bubblewrap',
        reachable: true,
        engine: null,
        problem: null,
      },
      image: { name: null, present: true, progress: null },
      slots: { wanted: 1, ready: 1, starting: 0, problem: null, proven: true },
      counts: { active: provider.list().sandboxes.length },
      replicas: 3,
      next: { acquire: { kind: 'room', slot: true, room: 2 }, reap: null },
      warnings: [],
    }),
    doctor: async () => ({ ok: true, checks: [{ name: 'disk', status: 'ok', text: '1 GiB free', fix: null }] }),
    config: async () => ({
      file: null,
      values: [{ key: 'replicas', value: 3, default: 3, source: 'default' }],
      warnings: [],
      error: null,
    }),
    threads: async () => ({ threads: [{ user: 'default', thread: 't', path: '/t', bytes: 2048, files: 2 }] }),
    forget: async ({ user, thread }, who) => {
      forgotten.push(`${user}/${thread} by ${who}`)
      return { deleted: true, bytes: 2048 }
    },
    stop: (who) => void stopped.push(who),
  })
  const bridge = await startBridge({
    plan: options.plan ?? { ports: [0], why: 'first' },
    identify: tokens.identify,
    metrics,
    version,
    dispatch: createDispatch({ handlers, log, ownerOf: provider.ownerOf, departed: provider.departed, sandboxes: () => provider.list().sandboxes }),
    events,
    log,
    now: () => performance.now(),
    ...(options.limits ? { limits: options.limits } : {}),
  })
  return {
    bridge,
    provider,
    events,
    tokens,
    metrics,
    logged,
    forgotten,
    stopped,
    async close() {
      await bridge.close()
      metrics.close()
      await tokens.close()
      await events.close()
      await dir.remove()
    },
  }
}
