import { randomBytes } from 'node:crypto'
import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { type BerthError, fail } from '../../../shared/errors.ts'
import type { Owner } from '../backend.ts'
import { userOf } from './container-spec.ts'
import type { Engine, EngineTraits } from './docker-engine.ts'
import { pairs, probeLabels } from './labels.ts'
import { linesOf } from './logs.ts'
import { removeContainer } from './removal.ts'

/** What a probe that was killed left behind is not anybody's any more after this. */
const abandonedMs = 120_000
const filePrefix = '.berth-probe-'
const target = '/berth-probe'

export interface FileProbe {
  readonly engine: Engine
  readonly clock: Clock
  readonly owner: Owner
  readonly traits: EngineTraits
  readonly homeUser: { readonly uid: number; readonly gid: number }
  /** The home as this process names it, and as the engine does (another path where Berth runs in a container itself). */
  readonly home: string
  readonly hostHome: string
  /** Any image on the engine that has `cat`. */
  readonly reference: string
}

/**
 * Whether the engine sees the files of this machine: a container reads, through a bind, a word that was just written
 * under the home. ENGINE_ELSEWHERE where it does not.
 */
export async function probeFiles(probe: FileProbe, signal: AbortSignal): Promise<void> {
  await sweepProbes(probe)
  const word = randomBytes(16).toString('hex')
  const name = `${filePrefix}${randomBytes(6).toString('hex')}`
  const path = join(probe.home, name)
  try {
    await writeFile(path, word, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    throw fail('HOME_UNUSABLE', `Berth cannot write in its home ${probe.home}`, { next: 'Make it writable, or set BERTH_HOME to another directory.', cause })
  }
  try {
    const seen = await readThrough(probe, name, signal)
    if (seen.word !== word) throw elsewhere(probe, seen.word === '' ? seen.error || 'the file is not there' : 'the file has other content')
  } finally {
    await rm(path, { force: true })
  }
}

async function readThrough(probe: FileProbe, file: string, signal: AbortSignal): Promise<{ word: string; error: string }> {
  const { engine } = probe
  const label = { ...probeLabels(probe.owner), 'berth.since': String(probe.clock.wall()) }
  const refuse = ({ text }: { text: string }): never => {
    if (/bind source path does not exist|no such file|not shared from the host|not a directory/i.test(text)) throw elsewhere(probe, text)
    throw fail('ENGINE_FAILED', `The container engine could not run the probe that reads a file of the home: ${text}`, {
      next: `Try it by hand: \`docker run --rm --entrypoint cat ${probe.reference} /etc/hostname\`.`,
    })
  }
  const id = await engine.call<string>(
    'create a probe',
    60_000,
    async () =>
      (
        await engine.docker.createContainer({
          Image: probe.reference,
          Labels: label,
          Entrypoint: ['cat', `${target}/${file}`],
          Cmd: [],
          Healthcheck: { Test: ['NONE'] },
          ...userOf(probe),
          HostConfig: {
            NetworkMode: 'none',
            Mounts: [{ Type: 'bind', Source: probe.hostHome, Target: target, ReadOnly: true }],
            CapDrop: ['ALL'],
            SecurityOpt: ['no-new-privileges'],
            ...(probe.traits.userns ? { UsernsMode: 'host' } : {}),
          },
        })
      ).id,
    { answers: { 400: refuse, 404: refuse, 500: refuse } },
  )
  try {
    const container = engine.docker.getContainer(id)
    await engine.call<void>('start a probe', 60_000, (abortSignal) => container.start({ abortSignal }), {
      answers: { 400: refuse, 404: refuse, 500: refuse },
      signal,
    })
    await engine.call<void>('wait for a probe', 30_000, (abortSignal) => container.wait({ abortSignal }), { signal })
    const read = async (stream: 'stdout' | 'stderr') => {
      const bytes = await engine.call<Buffer>('read a probe', 10_000, (abortSignal) => container.logs({ [stream]: true, follow: false, abortSignal }), {
        signal,
      })
      const lines: string[] = []
      for await (const line of linesOf([bytes])) lines.push(line)
      return lines.join(' ').trim()
    }
    return { word: await read('stdout'), error: await read('stderr') }
  } finally {
    await removeContainer(engine, probe.clock, id, 0)
  }
}

/** Removes what probes of this owner left that were killed half-way: containers and files. */
export async function sweepProbes(probe: Pick<FileProbe, 'engine' | 'clock' | 'owner' | 'home'>): Promise<void> {
  const rows = await probe.engine.call(
    'list probes',
    10_000,
    (abortSignal) => probe.engine.docker.listContainers({ all: true, filters: { label: pairs(probeLabels(probe.owner)) }, abortSignal }),
    { idempotent: true },
  )
  const now = probe.clock.wall()
  for (const row of rows) {
    const age = now - Number(row.Labels['berth.since'] ?? 0)
    if (Math.abs(age) > abandonedMs) await removeContainer(probe.engine, probe.clock, row.Id, 0)
  }
  for (const name of await readdir(probe.home)) {
    if (!name.startsWith(filePrefix)) continue
    const path = join(probe.home, name)
    // Gone meanwhile: its own probe removed it.
    const age = now - ((await stat(path).catch(() => null))?.mtimeMs ?? now)
    if (Math.abs(age) > abandonedMs) await rm(path, { force: true })
  }
}

function elsewhere(probe: FileProbe, reason: string): BerthError {
  return fail('ENGINE_ELSEWHERE', `The container engine at ${probe.engine.where} does not see this machine's ${probe.hostHome}: ${reason}`, {
    next: 'Use an engine of this machine (`docker context use default`), share that directory with it (Docker Desktop: Settings, Resources, File sharing), or move Berth’s home with BERTH_HOME.',
    details: { home: probe.hostHome },
  })
}
