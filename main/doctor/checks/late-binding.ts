import { rename } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { asBerthError } from '../../../shared/errors.ts'
import { errno } from '../../home/disk-error.ts'
import { moveAndSay } from '../../workspace/late-binding.ts'
import { probeGround, type ProbeGround } from '../docker-place.ts'
import type { DoctorCheck } from '../doctor-check.ts'
import { ok, skip, warn, type Finding } from '../finding.ts'
import { look, type FileSight } from '../home-sight.ts'
import { withProbeDirectory } from '../probe-place.ts'
import { runProbeContainer } from '../probe-container.ts'
import { word } from '../shell-word.ts'
import type { Surroundings } from '../surroundings.ts'

export interface Place { readonly path: string; readonly facts: FileSight | null }

/** Whether a running sandbox keeps its files when their directory is moved to where a thread lives. Without it starts are cold, nothing else. */
export const lateBindingCheck: DoctorCheck = {
  name: 'late-binding',
  run: async (see, signal) => {
    const home = await see.home()
    if (home.path === null || home.facts === null) return skip('There is no home yet.')
    const [slots, users] = await Promise.all([home.paths.slots, home.paths.users].map(async (path) => ({ path, facts: (await look(path)).facts })))
    const places = [slots, users].filter((place) => place !== undefined)
    const found = judgePlaces({ path: home.path, facts: home.facts }, places)
    if (found !== null) return found
    const from = slots?.facts ? slots.path : home.path
    const to = users?.facts ? users.path : home.path
    return measure(see, { from, to }, signal)
  },
}

/** Null: slots, threads and the home are plain directories of one volume, as far as they are there. */
export function judgePlaces(home: { path: string; facts: FileSight }, places: readonly Place[]): Finding | null {
  for (const { path, facts } of places) {
    if (facts === null) continue
    if (facts.kind === 'link') return warn(`${path} is a symbolic link, so a slot's directory cannot be moved to a thread; starts stay cold.`, `Make it a plain directory: move what it points to into ${word(home.path)}.`)
    if (facts.kind !== 'directory') return warn(`${path} is not a directory.`, `mv ${word(path)} ${word(`${path}.old`)}`)
    if (facts.dev !== home.facts.dev) return warn(`${path} is on another volume than ${home.path}, so a slot's directory cannot be moved to a thread; starts stay cold.`, `Unmount it, or move the whole home to one volume and set BERTH_HOME.`)
  }
  return null
}

async function measure(see: Surroundings, at: { from: string; to: string }, signal: AbortSignal): Promise<Finding> {
  const ground = await probeGround(see)
  try {
    return await withProbeDirectory({ ...at, now: see.clock.wall() }, async (made, moved) => {
      if (typeof ground === 'string') {
        await rename(made, moved)
        return ok(`Slots and threads are on one volume, and a directory can be moved between them. Not tried under a container: ${ground}.`)
      }
      return (await followsMove(see, ground, { made, moved }, signal))
        ? ok('A running container kept its files while their directory was moved from the slots to the threads.')
        : warn('A running container lost its files when their directory was moved: this engine does not follow a rename, so starts stay cold.', 'Nothing need be done; for fast starts use an engine that shares this machine’s kernel (Docker on Linux), not one in a virtual machine.')
    })
  } catch (thrown) {
    if (errno(asBerthError(thrown).cause) === 'EXDEV') {
      return warn(`A directory cannot be moved from ${at.from} to ${at.to} (EXDEV): a mount lies between them; starts stay cold.`, 'Unmount it, or move the whole home to one volume and set BERTH_HOME.')
    }
    throw thrown
  }
}

async function followsMove(see: Surroundings, ground: ProbeGround, { made, moved }: { made: string; moved: string }, signal: AbortSignal): Promise<boolean> {
  const { sight, owner, homeUser, image } = ground
  const said = randomBytes(12).toString('hex')
  const target = '/berth-probe'
  const probe = {
    engine: sight.engine, clock: see.clock, traits: sight.traits, owner, homeUser, image, target,
    source: made.replace(ground.home, () => ground.hostHome),
    script: `i=0; while [ $i -lt 60 ] && [ ! -s ${target}/word ]; do sleep 0.05; i=$((i+1)); done; cat ${target}/word`,
  }
  const seen = await runProbeContainer(probe, async () => {
    await moveAndSay({ made, moved, file: 'word', word: said, mode: 0o600 })
  }, signal)
  return seen === said
}
