import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BridgeClient } from '../../main/doors/client/client.ts'
import { asBerthError } from '../../shared/errors.ts'
import type { BerthEvent } from '../../shared/events.ts'
import type { Sandbox } from '../../shared/sandbox.ts'
import type { Container, EngineTruth } from './engine-truth.ts'
import { leftovers } from './leftovers.ts'
import { judgeFile, type Ledger, type Written } from './ledger.ts'
import { userDataOf } from './slot-truth.ts'
import { short } from './traffic.ts'
import { holders, lockLimit, replicas, slowness, spares, takenThread } from './world.ts'

export interface Scene {
  readonly home: string
  readonly prefix: string
  readonly ledger: Ledger
  /** Null on the embedded backend. */
  readonly truth: EngineTruth | null
  readonly violation: (text: string) => void
  /** What is no violation but worth counting. */
  readonly note: (what: string) => void
}

/** What was so when the host had ended. */
export interface Moment {
  readonly at: number
  readonly containers: readonly Container[]
  readonly removing: ReadonlySet<string>
  readonly creating: ReadonlySet<string>
}

/**
 * Stray containers are found at the latest by the listing of once a minute, if they came after the first one: a create
 * that the container engine finished after its caller's end.
 */
const settleMs = 75_000

/** Waits until engine, registry and home agree; what still does not then is a violation. */
export async function checkSettled(scene: Scene, client: BridgeClient): Promise<Sandbox[]> {
  const began = performance.now()
  for (;;) {
    const { sandboxes } = await client.call('list', {})
    const problems = [...(await disagreements(scene, sandboxes)), ...(await leftovers(scene.home, sandboxes, true)).map((name) => `left behind: ${name}`)]
    const took = performance.now() - began
    if (problems.length === 0) {
      if (took > 3000) scene.note('settled only after 3 s')
      return sandboxes
    }
    if (took > settleMs * slowness()) {
      for (const problem of problems) scene.violation(problem)
      return sandboxes
    }
    await sleep(50)
  }
}

async function disagreements({ truth, prefix }: Scene, sandboxes: readonly Sandbox[]): Promise<string[]> {
  const problems: string[] = []
  const live = sandboxes.filter(({ status }) => status !== 'failed')
  const containers = truth === null ? null : await truth.containers()
  const refs = new Set(live.map(({ container }) => container))
  for (const { ref, name, state } of containers ?? []) if (!refs.has(ref)) problems.push(`container ${name} (${state}, ${short(ref)}) has no entry`)
  for (const it of live) {
    const there = containers?.find(({ ref }) => ref === it.container)
    if (it.status === 'creating' || it.status === 'stopping') problems.push(`${it.name} is still ${it.status}`)
    else if (it.name !== `${prefix}-${it.id}`) problems.push(`${it.name} is not the name of ${it.id}`)
    else if (there !== undefined && there.name !== it.name) problems.push(`the container of ${it.name} is called ${there.name}`)
    else if (containers !== null && there?.state !== 'running')
      problems.push(`entry ${it.name} (${it.status}) has no running container: ${there?.state ?? 'none'}`)
  }
  const ready = await truth?.spares()
  if (ready && (ready.length !== spares || ready.some(({ state }) => state !== 'running'))) {
    problems.push(`of ${spares} slots there are ${ready.map(({ name, state }) => `${name} (${state})`).join(', ') || 'none'}`)
  }
  for (const it of sandboxes) {
    const explained = it.error !== null && it.error.message !== '' && it.error.next !== ''
    if (it.status === 'failed' && !(it.thread === takenThread && explained)) problems.push(`${it.name} failed: ${it.error?.message ?? 'nobody says why'}`)
  }
  return problems
}

/** Each container that ran goes on, held by whoever held it. Before anybody acquires again. */
export async function checkKept(
  { home, ledger, violation, truth }: Scene,
  { at, containers, removing, creating }: Moment,
  sandboxes: readonly Sandbox[],
): Promise<void> {
  const byId = new Map(sandboxes.map((it) => [it.id, it]))
  const ran = containers.filter(({ ref, state }) => state === 'running' && !removing.has(ref))
  // A spare may be on its way to the thread whose name a stranger has: it is taken back there, by the claim or by the next start.
  const missing = ran.filter(({ ref, id, thread }) => thread !== null && thread !== takenThread && byId.get(id)?.container !== ref)
  // A crash in the middle of evictions leaves more than are kept, and the container engine finishes what it was told to make.
  const evicted = Math.max(0, ran.length + [...creating].filter((name) => !name.includes('-slot-')).length - replicas)
  const after = (await truth?.containers()) ?? []
  for (const { ref, name, port } of ran) {
    const now = after.find((it) => it.ref === ref)
    if (now && now.port !== port) violation(`${name} was at port ${port}; now it is at ${now.port}`)
  }
  for (const { ref, name, id } of missing.length > evicted ? missing : []) {
    const now = byId.get(id)
    violation(`${name} ran as ${short(ref)} at the crash; now it is ${now ? `${now.status}, ${short(now.container)}` : 'gone'}; ${await storyOf(home, id)}`)
  }
  for (const [thread, page] of truth === null ? [] : ledger.threads) {
    const now = sandboxes.find((it) => it.thread === thread)
    for (const [holder, hold] of page.holds) {
      const listed = now?.holders.some((lease) => lease.holder === holder) ?? false
      const age = `${Math.round(at - hold.since)} ms before the crash`
      if (hold.state === 'held') {
        if (now?.container !== hold.container) violation(`${thread} was held by ${holder} in ${short(hold.container)}; now it is ${short(now?.container)}`)
        else if (!listed) violation(`${thread}: the hold that ${holder} got ${age} is forgotten`)
      } else if (hold.state === 'free' && listed) {
        violation(`${thread}: ${holder} released it ${age} and still holds it`)
        // It holds again until somebody says otherwise.
        hold.state = 'unknown'
      }
    }
  }
}

/** The last that the event log has of a sandbox. */
async function storyOf(home: string, id: string): Promise<string> {
  const lines = (await readFile(join(home, 'events.jsonl'), 'utf8')).split('\n').filter((line) => line.includes(`"sandbox":"${id}"`))
  return lines
    .slice(-6)
    .map((line) => JSON.parse(line) as BerthEvent)
    .map(({ at, type, who, text }) => `${at} ${type} ${who}: ${text}`)
    .join(' | ')
}

/** Files on the host, before anything else happens to them. */
export async function checkHostFiles({ home, ledger, violation }: Scene): Promise<void> {
  for (const [thread, page] of ledger.threads) {
    const places = await userDataOf(home, thread)
    for (const written of page.files.values()) {
      const found = await Promise.all(places.map((place) => readFile(join(place, written.path.replace('/mnt/user-data/', '')), 'utf8').catch(() => ''))) // absent: judged as empty
      const text = found.find((it) => it !== '') ?? ''
      if (written.acked.size === 0 && (written.whole?.acked ?? null) === null) continue
      for (const problem of judgeFile(written, text)) violation(`on the host, ${thread}: ${problem}`)
    }
  }
}

/** Every thread can be acquired within the time that a lock may hold, and shows its files; those that are there first. */
export async function checkThreads(scene: Scene, client: BridgeClient, sandboxes: readonly Sandbox[]): Promise<void> {
  const there = new Set(sandboxes.map(({ thread }) => thread))
  const all = [...scene.ledger.threads.keys()]
  for (const some of [all.filter((thread) => there.has(thread)), all.filter((thread) => !there.has(thread))]) {
    await Promise.all(some.map((thread) => checkThread(scene, client, thread)))
  }
}

async function checkThread(scene: Scene, client: BridgeClient, thread: string): Promise<void> {
  const { ledger, violation, truth } = scene
  const page = ledger.threads.get(thread)
  if (!page) return
  const held = holders.filter((holder) => ledger.hold(thread, holder).state === 'held')
  for (const holder of held.length > 0 ? held : (['right'] as const)) {
    const hold = ledger.hold(thread, holder)
    const before = { ...hold }
    ledger.acquiring(thread, holder)
    const began = performance.now()
    try {
      const got = await client.call('acquire', { thread, holder, timeout: 60 })
      ledger.acquired(thread, holder, got)
      const took = (performance.now() - began) / 1000
      if (took > lockLimit()) violation(`${thread} could be acquired only after ${took.toFixed(1)} s`)
      const answer = await fetch(`${got.url}/v1/sandbox`, { headers: got.headers, signal: AbortSignal.timeout(20_000) }).then(({ status }) => status, String)
      if (answer !== 200) violation(`${thread} answers at its address with ${answer}`)
      if (before.state !== 'held') continue
      if (got.url !== before.url) violation(`${thread}: the address that ${holder} has no longer holds: ${before.url ?? 'none'}, now ${got.url ?? 'none'}`)
      if (truth !== null && (got.was_replaced || got.container !== before.container)) violation(`${thread} was replaced for ${holder} though its container ran`)
      if (truth === null && !got.was_replaced) violation(`${thread} was replaced, and ${holder} was not told`)
      if (truth === null && got.container === before.container) violation(`${thread} is said to be in the container that died`)
    } catch (error) {
      ledger.doubted(thread, holder)
      violation(`${thread} could not be acquired by ${holder} after the restart: ${asBerthError(error).message}`)
      return
    }
  }
  await checkFiles(client, { thread }, page.files, (problem) => violation(`in the sandbox, ${thread}: ${problem}`))
  // Warm again but for who held it: so that what the next crash meets is mixed.
  for (const holder of held.length > 0 ? held.slice(1) : (['right'] as const)) {
    ledger.releasing(thread, holder)
    await client.call('release', { thread, holder })
    ledger.released(thread, holder)
  }
}

async function checkFiles(
  client: BridgeClient,
  where: { thread: string } | { id: string },
  files: ReadonlyMap<string, Written>,
  problem: (text: string) => void,
): Promise<void> {
  for (const written of files.values()) {
    if (written.acked.size === 0 && (written.whole?.acked ?? null) === null) continue
    try {
      const { content } = await client.call('read', { ...where, path: written.path })
      for (const text of judgeFile(written, content)) problem(text)
    } catch (error) {
      problem(`${written.path} cannot be read: ${asBerthError(error).message}`)
    }
  }
}

/**
 * Anonymous sandboxes: on a container engine those that were held go on with their files; embedded ones end with the engine,
 * and their files with them. One that nobody was told of has no holder who could end it: counted, and ended here.
 */
export async function checkStrays(scene: Scene, client: BridgeClient, { at }: Moment, sandboxes: readonly Sandbox[]): Promise<void> {
  const { ledger, violation, note, truth } = scene
  for (const stray of [...ledger.strays.values()]) {
    const now = sandboxes.find(({ id }) => id === stray.id)
    if (truth === null) {
      if (now) violation(`the anonymous ${stray.id} outlived the engine`)
      ledger.strays.delete(stray.id)
    } else if (now?.container === stray.container && now?.status === 'active') {
      await checkFiles(client, { id: stray.id }, stray.files, (problem) => violation(`in the anonymous ${stray.id}: ${problem}`))
      if (!stray.releasing) continue
      await client.call('destroy', { id: stray.id })
      ledger.strays.delete(stray.id)
    } else {
      if (!stray.releasing) violation(`the anonymous ${stray.id}, held since ${Math.round(at - stray.since)} ms before the crash, is ${now?.status ?? 'gone'}`)
      ledger.strays.delete(stray.id)
    }
  }
  for (const { id, thread } of sandboxes) {
    if (thread !== null || ledger.strays.has(id)) continue
    note('anonymous sandboxes that nobody was told of')
    await client.call('destroy', { id })
  }
}

/** `bridge.json` says who answers, to its owner only, at the port of before. */
export async function checkBridgeFile({ home, violation }: Pick<Scene, 'home' | 'violation'>, host: { pid: number }, port: number | null): Promise<void> {
  const path = join(home, 'bridge.json')
  const file = JSON.parse(await readFile(path, 'utf8')) as { pid: number | null; port: number; url: string }
  if (file.pid !== host.pid) violation(`bridge.json names pid ${file.pid}, the engine is ${host.pid}`)
  if (port !== null && file.port !== port) violation(`the bridge was at port ${port} and is now at ${file.port}`)
  if (file.url !== `http://127.0.0.1:${file.port}`) violation(`bridge.json has ${file.url} and port ${file.port}`)
  const mode = (await stat(path)).mode & 0o777
  if (mode !== 0o600) violation(`bridge.json has mode ${mode.toString(8)}`)
}

/** More than `replicas` only where all are in use. */
export function checkCount({ violation }: Scene, sandboxes: readonly Sandbox[]): void {
  const live = sandboxes.filter(({ status }) => status !== 'failed' && status !== 'stopping')
  const warm = live.filter(({ status }) => status === 'warm' || status === 'paused')
  if (live.length > replicas && warm.length > 0) violation(`${live.length} sandboxes are kept, ${warm.length} of them warm, with replicas ${replicas}`)
}
