import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '../../main/doors/client/client.ts'
import { openHome } from '../../main/house/home/open-home.ts'
import { keepPorts } from '../support/kept-ports.ts'
import { seeded, type Seeded } from '../support/seeded.ts'
import { tempDir } from '../support/temp-dir.ts'
import { openTruth } from './engine-truth.ts'
import { firstStart } from './first-start.ts'
import { startHost } from './hosting.ts'
import { leftovers } from './leftovers.ts'
import { makeLedger } from './ledger.ts'
import { phasesOf, strayMade, type ChaosBackend, type Phase } from './phases.ts'
import { playRound, type House } from './round.ts'
import { configText, holders, threads } from './world.ts'

export interface ChaosOptions {
  readonly rounds: number
  readonly seed: number
  readonly backend: ChaosBackend
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

export interface ChaosReport {
  readonly rounds: number
  readonly hits: ReadonlyMap<string, number>
  readonly violations: readonly string[]
  readonly notes: ReadonlyMap<string, number>
}

/** Every so many rounds a new home's first start is killed instead. With `startEvery`: so that in a hundred rounds each phase comes three times, and a few may be missed. */
const firstEvery = 10
/** Every so many rounds a start is killed as well. */
const startEvery = 3

/**
 * Rounds of: agents at work, the engine killed at a chosen point, a new engine, and everything checked that the crash may
 * not have cost. One home all along; which phase and which thread comes when follows from the seed.
 */
export async function runChaos({ rounds, seed, backend, say, signal }: ChaosOptions): Promise<ChaosReport> {
  const random = seeded(seed)
  const hits = new Map(phasesOf(backend).map(({ name }) => [name, 0]))
  const notes = new Map<string, number>()
  const violations: string[] = []
  let round = 0
  const common = {
    backend,
    hits,
    hit: (phase: Phase) => void hits.set(phase.name, (hits.get(phase.name) ?? 0) + 1),
    note: (what: string) => void notes.set(what, (notes.get(what) ?? 0) + 1),
    violation: (text: string) => {
      violations.push(`round ${round}: ${text}`)
      say(`  VIOLATION in round ${round}: ${text}`)
    },
  }
  await using stack = new AsyncDisposableStack()
  const dir = await tempDir('chaos')
  stack.defer(() => dir.remove())
  const prefix = `chaos${random.hex(4)}${process.pid.toString(36)}`
  await writeFile(join(dir.path, 'config.yaml'), configText(backend, prefix))
  const home = await openHome(dir.path)
  await keepPorts(dir.path)
  const truth = backend === 'docker' ? await openTruth(dir.path, prefix, home.installation) : null
  stack.defer(() => truth?.close())

  const first = startHost(dir.path)
  const house: House = {
    ...common,
    home: dir.path,
    prefix,
    installation: home.installation,
    truth,
    ledger: makeLedger(threads, holders),
    host: first,
    port: null,
  }
  stack.defer(async () => {
    house.host.kill()
    await house.host.ended
  })
  await first.up
  let done = 0
  for (round = 1; round <= rounds && !signal.aborted; round += 1) {
    const began = performance.now()
    const plan = planOf(round, backend, hits, random.fork(`plan ${round}`))
    const dice = random.fork(`round ${round}`)
    const play = plan[0]?.when === 'first' ? firstStart(plan[0], { ...common, random: dice }) : playRound(house, plan, dice, `r${seed}-${round}`)
    const went = await play.catch((error: Error) => {
      // Ctrl-C reaches the engine as well: whatever this round then met is nobody's fault.
      if (!signal.aborted) throw error
      return 'interrupted'
    })
    if (signal.aborted) break
    done = round
    say(`round ${round}: ${went} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
  }
  if (!signal.aborted) await orderlyEnd(house)
  return { rounds: done, hits, violations, notes }
}

/** The least hit phase that comes under traffic; and now and then one of a start as well, in the same round. */
function planOf(round: number, backend: ChaosBackend, hits: ReadonlyMap<string, number>, random: Seeded): Phase[] {
  const least = (when: Phase['when']): Phase => {
    const all = phasesOf(backend).filter((phase) => phase.when === when)
    const fewest = Math.min(...all.map(({ name }) => hits.get(name) ?? 0))
    return random.pick(all.filter(({ name }) => (hits.get(name) ?? 0) === fewest))
  }
  if (round % firstEvery === 0) return [least('first')]
  if (round % startEvery !== 0) return [least('traffic')]
  const start = least('start')
  // A start removes something only if the crash before it left something to remove.
  return [start.name.startsWith('start: remove') ? strayMade : least('traffic'), start]
}

/** A shutdown after all that: nothing of ours stays, not on the engine and not in the home. */
async function orderlyEnd(house: House): Promise<void> {
  const { home, truth, violation } = house
  const client = await connect(home)
  const report = await client.call('shutdown', {})
  for (const { id, error } of report.failed) violation(`the shutdown could not end ${id}: ${error}`)
  client.close()
  await house.host.ended
  for (const { name, state } of (await truth?.containers()) ?? []) violation(`after the shutdown the container ${name} is ${state}`)
  for (const name of await leftovers(home, [], false)) violation(`after the shutdown: left behind: ${name}`)
  for (const problem of (await truth?.strangers()) ?? []) violation(problem)
  const { pid } = JSON.parse(await readFile(join(home, 'bridge.json'), 'utf8')) as { pid: number | null }
  if (pid !== null) violation(`after the shutdown bridge.json still names pid ${pid}`)
}
