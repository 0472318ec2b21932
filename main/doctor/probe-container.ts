import type { Clock } from '../clock.ts'
import { fail } from '../../shared/errors.ts'
import type { Owner } from '../backends/backend.ts'
import { userOf } from '../backends/docker/container-spec.ts'
import type { Engine } from '../backends/docker/engine.ts'
import type { EngineTraits } from '../backends/docker/engine-traits.ts'
import { probeLabels } from '../backends/docker/labels.ts'
import { linesOf } from '../backends/docker/logs.ts'
import { removeContainer } from '../backends/docker/removal.ts'

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
export async function runProbeContainer(probe: ProbeContainer, meanwhile: () => Promise<void>, signal: AbortSignal): Promise<string> {
  const { engine, clock, owner, traits } = probe
  const refuse = ({ text }: { text: string }): never => {
    throw fail('ENGINE_FAILED', `The container engine could not run a probe: ${text}`, { next: `Try it by hand: docker run --rm --entrypoint sh ${probe.image} -c true` })
  }
  const answers = { 400: refuse, 404: refuse, 500: refuse }
  // No signal here: half a create would leave a container that nobody knows.
  const id = await engine.call<string>(
    'create a probe',
    20_000,
    async () => (await engine.docker.createContainer({
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
    })).id,
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
