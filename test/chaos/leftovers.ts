import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { containerId } from '../../main/house/home/generations.ts'
import type { Sandbox } from '../../shared/sandbox.ts'
import { slotsOf } from './slot-truth.ts'
import { spares, threads } from './world.ts'

/** What an engine that runs has in its home, beside what is its own for good. */
const known =
  /^(installation|token|bridge\.json|backend|config\.yaml|events\.jsonl(\.old)?|leases|generations|tokens\.json|aliases|slots|locks|users|threads|anonymous|deleted|embedded)$/
/** A probe that was killed goes with the first one that finds it this old; see file-probe.ts. */
const probeMs = 150_000
/** Of a thread some things are kept for ever, of an anonymous sandbox nothing. */
const lasting = new Set(threads.map((thread) => containerId('default', thread)))

/** Files and directories of the home that nobody needs any more. `sandboxes`: what the engine lists. */
export async function leftovers(home: string, sandboxes: readonly Sandbox[], running: boolean): Promise<string[]> {
  const live = sandboxes.filter(({ status }) => status !== 'failed')
  const ids = new Set(live.map(({ id }) => id))
  const anonymous = new Set(live.filter(({ thread }) => thread === null).map(({ id }) => id))
  const inside = (dir: string) => readdir(join(home, dir)).catch(() => [] as string[]) // not made on this backend
  const left: string[] = []
  for (const name of await inside('.')) {
    if (name.startsWith('.berth-probe-')) {
      const facts = await stat(join(home, name)).catch(() => null) // its own probe has just ended
      if (facts && Date.now() - facts.mtimeMs > probeMs) left.push(name)
    } else if (!known.test(name)) left.push(name)
  }
  for (const name of await inside('leases')) if (!ids.has(name) && !(await owesWord(join(home, 'leases', name)))) left.push(`leases/${name}`)
  for (const name of await inside('generations')) if (!lasting.has(name)) left.push(`generations/${name}`)
  for (const name of await inside('locks')) if (!running || !/^engine\.(lock|owner)$/.test(name)) left.push(`locks/${name}`)
  for (const name of await inside('anonymous')) if (!anonymous.has(name)) left.push(`anonymous/${name}`)
  for (const name of await inside('deleted')) left.push(`deleted/${name}`)
  const free = running ? spares : 0
  const slots = await slotsOf(home)
  for (const { slot, id, kind } of slots) {
    const needed = kind === 'claimed' && id !== null && ids.has(id) && slots.filter((it) => it.id === id).length === 1
    if (!needed && (kind !== 'spare' || slots.filter((it) => it.kind === kind).length > free)) left.push(`slots/${slot} (${kind})`)
  }
  for (const name of await inside('embedded')) if (name !== 'etc') left.push(`embedded/${name}`)
  return left
}

/** Without a sandbox, a lease file is there for those only who are to be told that theirs was replaced. */
async function owesWord(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '{}') // removed meanwhile
  if (path.endsWith('.tmp')) return false
  const { holders = [], untold = [] } = JSON.parse(text) as { holders?: unknown[]; untold?: unknown[] }
  return holders.length === 0 && untold.length > 0
}
