import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import type { Config } from '../../../shared/config.ts'
import { bad, type DoctorCheck, type Finding, ok, skip, warn } from '../finding.ts'
import { shellWord } from '../../../shared/shell-quote.ts'
import { engineAdvice } from '../engine-advice.ts'
import type { EngineSight } from '../engine-sight.ts'
import type { Host } from '../machine.ts'
import { probeFiles } from '../../backends/docker/file-probe.ts'
import { imagesOf, probeGround, type ProbeGround } from '../docker-place.ts'
import { localBase } from '../../backends/docker/image/base.ts'
import { debootstrapPlan } from '../../backends/docker/image/debootstrap.ts'
import { isLite, liteFiles, packagesOf } from '../../backends/docker/image/lite-build.ts'
import { present } from '../../backends/docker/image/image-kind.ts'
import { asBerthError, fail } from '../../../shared/errors.ts'
import type { Surroundings } from '../surroundings.ts'
import { errno } from '../../base/write-atomic.ts'
import { moveAndSay } from '../../house/workspace/host-facts.ts'
import { type FileSight, look } from '../home-sight.ts'
import { withProbeDirectory } from '../probe-place.ts'
import type { Clock } from '../../base/clock.ts'
import type { Owner } from '../../backends/backend.ts'
import { userOf } from '../../backends/docker/container-spec.ts'
import type { Engine, EngineTraits } from '../../backends/docker/docker-engine.ts'
import { probeLabels } from '../../backends/docker/labels.ts'
import { linesOf } from '../../backends/docker/logs.ts'
import { removeContainer } from '../../backends/docker/removal.ts'
import { kindConfigured } from '../../../shared/backends.ts'

export interface Place {
  readonly path: string
  readonly facts: FileSight | null
}

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
    if (facts.kind === 'link')
      return warn(
        `${path} is a symbolic link, so a slot's directory cannot be moved to a thread; starts stay cold.`,
        `Make it a plain directory: move what it points to into ${shellWord(home.path)}.`,
      )
    if (facts.kind !== 'directory') return warn(`${path} is not a directory.`, `mv ${shellWord(path)} ${shellWord(`${path}.old`)}`)
    if (facts.dev !== home.facts.dev)
      return warn(
        `${path} is on another volume than ${home.path}, so a slot's directory cannot be moved to a thread; starts stay cold.`,
        `Unmount it, or move the whole home to one volume and set BERTH_HOME.`,
      )
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
        : warn(
            'A running container lost its files when their directory was moved: this engine does not follow a rename, so starts stay cold.',
            'Nothing need be done; for fast starts use an engine that shares this machine’s kernel (Docker on Linux), not one in a virtual machine.',
          )
    })
  } catch (thrown) {
    if (errno(asBerthError(thrown).cause) === 'EXDEV') {
      return warn(
        `A directory cannot be moved from ${at.from} to ${at.to} (EXDEV): a mount lies between them; starts stay cold.`,
        'Unmount it, or move the whole home to one volume and set BERTH_HOME.',
      )
    }
    throw thrown
  }
}

async function followsMove(see: Surroundings, ground: ProbeGround, { made, moved }: { made: string; moved: string }, signal: AbortSignal): Promise<boolean> {
  const { sight, owner, homeUser, image } = ground
  const said = randomBytes(12).toString('hex')
  const target = '/berth-probe'
  const probe = {
    engine: sight.engine,
    clock: see.clock,
    traits: sight.traits,
    owner,
    homeUser,
    image,
    target,
    source: made.replace(ground.home, () => ground.hostHome),
    script: `i=0; while [ $i -lt 60 ] && [ ! -s ${target}/word ]; do sleep 0.05; i=$((i+1)); done; cat ${target}/word`,
  }
  const seen = await runProbeContainer(
    probe,
    async () => {
      await moveAndSay({ made, moved, file: 'word', word: said, mode: 0o600 })
    },
    signal,
  )
  return seen === said
}

type Answering = EngineSight & { readonly answers: true }

/** What berth-lite can be built on here; each a reason why not, or null. `local`: a base that is there already. */
export interface Bases {
  readonly local: string | null
  readonly network: string | null
  readonly debootstrap: string | null
}

export const imageCheck: DoctorCheck = {
  name: 'image',
  run: async (see, signal) => {
    const [{ config }, sight] = await Promise.all([see.config(), see.engine()])
    if (kindConfigured(config.backend)?.images === 'none') return skip(`Sandboxes of the ${config.backend} backend are not made of an image.`)
    if (!sight.answers) return skip(`Whether ${config.image} is there is not known: no container engine answers.`)
    const images = imagesOf(sight, see)
    try {
      if (!isLite(config.image)) {
        const there = await images.prepared(config.image)
        return judgeForeign(config.image, there, there ? null : await pullable(sight, config.image, signal))
      }
      const lite = await images.lite()
      return judgeLite(lite, lite.present ? null : await basesOf(sight, see, signal))
    } finally {
      await images.close()
    }
  },
}

export function judgeForeign(image: string, there: boolean, unreachable: string | null): Finding {
  if (there) return ok(`${image} is on the engine.`)
  if (unreachable === null) return warn(`${image} is not on the engine; the first start pulls it.`, `docker pull ${image}`)
  return bad(
    `${image} is not on the engine and cannot be pulled: ${unreachable}.`,
    `docker login   if it is private; \`docker pull ${image}\` must work; or set \`image: berth-lite\`, which is built here`,
  )
}

export function judgeLite(lite: { reference: string; present: boolean; outdated: boolean }, bases: Bases | null): Finding {
  if (lite.present || bases === null) return ok(`${lite.reference} is on the engine.`)
  const state = lite.outdated ? 'berth-lite is of another version of Berth' : 'berth-lite is not built yet'
  const way =
    bases.local !== null
      ? `on ${bases.local}, which is there`
      : bases.network === null
        ? 'on a public base, which can be pulled'
        : bases.debootstrap === null
          ? 'on a base that debootstrap makes'
          : null
  if (way !== null) return warn(`${state}; the next start builds it ${way}, which takes a minute or two.`, 'berth serve   (builds it in the background)')
  return bad(
    `${state} and cannot be built here: no base can be pulled (${bases.network ?? ''}), and none can be made (${bases.debootstrap ?? ''}).`,
    'With a network: docker pull debian:bookworm-slim   Without: docker save berth-lite | ssh THIS-MACHINE docker load   on a machine that has it, or as root on Debian: apt-get install debootstrap',
  )
}

async function basesOf(sight: Answering, see: Surroundings, signal: AbortSignal): Promise<Bases> {
  const needsNode = liteFiles(see.resources).nodes[sight.traits.arch] === undefined
  const base = needsNode ? 'node:24-bookworm-slim' : 'debian:bookworm-slim'
  const [made, there, plan] = await Promise.all([needsNode ? null : madeBefore(sight, see), present(sight.engine, base), debootstrapPlan()])
  const local = made ?? (there ? base : null)
  return {
    local,
    network: local === null ? await pullable(sight, base, signal) : null,
    debootstrap: needsNode ? 'there is no Linux Node for it' : typeof plan === 'string' ? plan : null,
  }
}

async function madeBefore({ engine }: Answering, see: Surroundings): Promise<string | null> {
  return localBase(engine, packagesOf(await readFile(join(see.resources.liteDir, 'setup.sh'), 'utf8')))
}

/** Null: the engine itself, through its own network and proxies, finds the image where it would pull it from. */
async function pullable({ engine }: Answering, image: string, signal: AbortSignal): Promise<string | null> {
  try {
    await engine.call('look for an image where it is pulled from', 2_500, () => engine.docker.getImage(image).distribution(), { signal })
    return null
  } catch (thrown) {
    return asBerthError(thrown).message.replace(/\.$/, '').slice(0, 300)
  }
}

/** An engine that sees another file system would mount empty directories for every thread. */
export const engineFilesCheck: DoctorCheck = {
  name: 'engine-files',
  run: async (see, signal) => {
    const ground = await probeGround(see)
    if (typeof ground === 'string') return skip(`Not measured: ${ground}.`)
    const { sight, owner, homeUser, home, hostHome, image } = ground
    await probeFiles({ engine: sight.engine, clock: see.clock, owner, traits: sight.traits, homeUser, home, hostHome, reference: image }, signal)
    return ok(`A container read a word that was just written in ${home}: the engine sees this machine's files.`)
  },
}

/** What a missing engine means: no sandbox at all, bubblewrap in its place, or nothing. */
export type Need = 'needed' | 'preferred' | 'unused'

export const engineCheck: DoctorCheck = {
  name: 'engine',
  run: async (see) => {
    const [sight, { config }, host, home] = await Promise.all([see.engine(), see.config(), see.host(), see.home()])
    if (sight.answers) return judgeEngine(sight, 'needed', host)
    const isolated = config.embedded.isolation === 'none' || (await see.isolation()).works
    return judgeEngine(sight, engineNeed(config, { usedDocker: home.usedDocker, isolated }), host)
  },
}

export function engineNeed(config: Pick<Config, 'backend' | 'provisioner_url'>, at: { usedDocker: boolean; isolated: boolean }): Need {
  const chosen = kindConfigured(config.backend)
  if (chosen?.containerEngine) return 'needed'
  if (chosen !== null || config.provisioner_url !== null) return 'unused'
  // As the choice at start: a home that has used containers waits for its engine, whatever else would work.
  return at.usedDocker || !at.isolated ? 'needed' : 'preferred'
}

export function judgeEngine(sight: EngineSight, need: Need, host: Host): Finding {
  if (sight.answers) {
    const { traits, endpoint, ms } = sight
    const kind = traits.rootless ? ', rootless' : ''
    return ok(`${traits.name} ${traits.version}${kind} answers in ${Math.max(1, Math.round(ms))} ms at ${endpoint.where} (${endpoint.origin}).`)
  }
  const origin = sight.endpoint === null ? '' : ` (from ${sight.endpoint.origin})`
  const text = `${sight.error.message.replace(/\.$/, '')}${origin}.`
  if (need === 'unused') return skip(`${text} The configuration asks for none.`)
  const fix = engineAdvice(sight, host)
  if (need === 'preferred') return warn(`${text} Until there is one, sandboxes are processes in bubblewrap.`, fix)
  return bad(text, fix)
}

export interface ProbeContainer {
  readonly engine: Engine
  readonly clock: Clock
  readonly traits: EngineTraits
  readonly owner: Owner
  readonly homeUser: { readonly uid: number; readonly gid: number }
  /** An image on the engine that has `sh`. */
  readonly image: string
  /** Host directory, bound read-only at `target`. */
  readonly source: string
  readonly target: string
  /** A line for `sh`, which ends by itself in any case. */
  readonly script: string
}

/** Runs one short container, does `meanwhile` once it is started, and gives what it printed. It is gone afterwards, whatever happened. */
async function runProbeContainer(probe: ProbeContainer, meanwhile: () => Promise<void>, signal: AbortSignal): Promise<string> {
  const { engine, clock, owner, traits } = probe
  const refuse = ({ text }: { text: string }): never => {
    throw fail('ENGINE_FAILED', `The container engine could not run a probe: ${text}`, {
      next: `Try it by hand: docker run --rm --entrypoint sh ${probe.image} -c true`,
    })
  }
  const answers = { 400: refuse, 404: refuse, 500: refuse }
  // No signal here: half a create would leave a container that nobody knows.
  const id = await engine.call<string>(
    'create a probe',
    20_000,
    async () =>
      (
        await engine.docker.createContainer({
          Image: probe.image,
          // Swept by the engine's own start if this very process is killed now.
          Labels: { ...probeLabels(owner), 'berth.since': String(clock.wall()) },
          Entrypoint: ['sh', '-c', probe.script],
          Cmd: [],
          Healthcheck: { Test: ['NONE'] },
          ...userOf(probe),
          HostConfig: {
            NetworkMode: 'none',
            Mounts: [{ Type: 'bind', Source: probe.source, Target: probe.target, ReadOnly: true }],
            CapDrop: ['ALL'],
            SecurityOpt: ['no-new-privileges'],
            ...(traits.userns ? { UsernsMode: 'host' } : {}),
          },
        })
      ).id,
    { answers },
  )
  try {
    const container = engine.docker.getContainer(id)
    await engine.call<void>('start a probe', 20_000, (abortSignal) => container.start({ abortSignal }), { answers, signal })
    await meanwhile()
    await engine.call<void>('wait for a probe', 20_000, (abortSignal) => container.wait({ abortSignal }), { signal })
    const bytes = await engine.call<Buffer>('read a probe', 5_000, (abortSignal) => container.logs({ stdout: true, follow: false, abortSignal }), { signal })
    const lines: string[] = []
    for await (const line of linesOf([bytes])) lines.push(line)
    return lines.join('\n').trim()
  } finally {
    await removeContainer(engine, clock, id, 0)
  }
}
