import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Docker from 'dockerode'
import { spawnEngine } from '../support/spawn-engine.ts'

/** What there is of an engine and its home at one moment. */
export interface Stock {
  readonly containers: number
  readonly slots: number
  readonly locks: number
  readonly leases: number
  /** Open file descriptors of the engine's process. */
  readonly descriptors: number
  /** MiB that the process has from the system, with garbage that nobody had a reason to collect. */
  readonly memory: number
  /** MiB in use after a garbage collection. */
  readonly inUse: number
  readonly logBytes: number
}

export interface SoakReport {
  readonly threads: number
  readonly claimed: number
  readonly before: Stock
  readonly after: Stock
  readonly leaks: readonly string[]
}

/** So much more may be in use after a long life than after a short one, MiB: 4 KiB a thread, at 1,000 of them. */
const inUseSlack = 4
/** And so much more may be had from the system, MiB. */
const memorySlack = 40

/** Claims and destroys so many threads, one after the other, and holds what is there afterwards against what was there after the first ones. */
export async function runSoak(home: string, { threads, say }: { threads: number; say: (text: string) => void }): Promise<SoakReport> {
  // Collected as often as the engine that `npm start` starts.
  const engine = await spawnEngine(home, { env: { NODE_OPTIONS: '--max-semi-space-size=2' } })
  const docker = new Docker()
  let claimed = 0
  try {
    const spare = async () => {
      while ((await engine.call('status', {})).slots.ready === 0) await sleep(10)
    }
    const one = async (thread: string) => {
      await spare()
      const got = await engine.call('acquire', { thread })
      if (got.path === 'slot') claimed += 1
      const { stdout } = await engine.call('exec', { thread, command: `echo -n ${thread} > /mnt/user-data/workspace/me; cat /mnt/user-data/workspace/*` })
      if (stdout !== thread) throw new Error(`${thread} saw ${JSON.stringify(stdout)}`)
      await engine.call('destroy', { thread })
    }
    const stock = async (): Promise<Stock> => {
      await spare()
      for (let tries = 0; tries < 100 && (await engine.call('status', {})).slots.starting > 0; tries += 1) await sleep(50)
      await sleep(500)
      const count = async (...at: string[]) => (await readdir(join(home, ...at))).length
      return {
        containers: (await docker.listContainers({ all: true, filters: { label: [`berth.home=${home}`] } })).length,
        slots: await count('slots'),
        locks: await count('locks'),
        leases: await count('leases'),
        descriptors: (await readdir(`/proc/${engine.pid}/fd`)).length,
        inUse: Math.round((await engine.heap()) / 1024 / 102.4) / 10,
        memory: await residentMemory(engine.pid),
        logBytes: (await stat(join(home, 'events.jsonl')).catch(() => ({ size: 0 }))).size,
      }
    }
    const warmUp = Math.max(5, Math.floor(threads / 20))
    for (let n = 0; n < warmUp; n += 1) await one(`warm-${n}`)
    const before = await stock()
    for (let n = 1; n <= threads; n += 1) {
      await one(`soak-${n}`)
      say(`${n} of ${threads}, ${claimed} by a slot`)
    }
    const after = await stock()
    const leaks = (['containers', 'slots', 'locks', 'leases'] as const)
      .filter((what) => after[what] > before[what])
      .map((what) => `${what}: ${before[what]} became ${after[what]}`)
    if (after.descriptors > before.descriptors + 10) leaks.push(`descriptors: ${before.descriptors} became ${after.descriptors}`)
    if (after.inUse > before.inUse + inUseSlack) leaks.push(`memory in use: ${before.inUse} MiB became ${after.inUse}`)
    if (after.memory > before.memory + memorySlack) leaks.push(`memory: ${before.memory} MiB became ${after.memory}`)
    await engine.close()
    const left = await readdir(join(home, 'slots'))
    if (left.length > 0) leaks.push(`slots left at the end: ${left.length}`)
    return { threads, claimed, before, after, leaks }
  } finally {
    await engine.kill()
  }
}

async function residentMemory(pid: number): Promise<number> {
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)
}
