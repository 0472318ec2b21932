import { totalmem } from 'node:os'
import type Docker from 'dockerode'
import type { Description } from '../backend.ts'
import type { Engine } from './engine.ts'

/** One container in the engine's words, without the values of its variables: some are secrets, and none is ours to tell. */
export async function describeContainer(engine: Engine, ref: string): Promise<Description | null> {
  const info = await engine.call<Docker.ContainerInspectInfo | null>(
    'look at a sandbox',
    10_000,
    (abortSignal) => engine.docker.getContainer(ref).inspect({ abortSignal }),
    { idempotent: true, answers: { 404: () => null } },
  )
  return info && descriptionOf(info, totalmem())
}

export function descriptionOf(info: Docker.ContainerInspectInfo, machineMemory: number): Description {
  const { HostConfig: host } = info
  const options = host.SecurityOpt ?? []
  const dropped = host.CapDrop ?? []
  const memory = host.Memory ?? 0
  return {
    imageId: info.Image,
    limits: {
      memory: memory > 0 && memory < machineMemory ? memory : null,
      cpus: host.NanoCpus ? host.NanoCpus / 1e9 : null,
      pids: host.PidsLimit && host.PidsLimit > 0 ? host.PidsLimit : null,
    },
    isolation: [
      { name: 'Runs as', value: info.Config.User === '' ? 'the image’s own user' : info.Config.User, weak: false },
      {
        name: 'Privileges',
        value: `${options.includes('no-new-privileges') ? 'no new ones' : 'may gain new ones'}, ${dropped.includes('ALL') ? 'all capabilities dropped' : `${dropped.length} capabilities dropped`}`,
        weak: !options.includes('no-new-privileges'),
      },
      { name: 'System calls', value: options.includes('seccomp=unconfined') ? 'not filtered, as the image’s browser needs' : 'the engine’s default filter', weak: options.includes('seccomp=unconfined') },
      { name: 'Network', value: host.NetworkMode === 'none' ? 'none' : 'reaches the internet, not other sandboxes', weak: host.NetworkMode !== 'none' },
    ],
    raw: { ...info, Config: { ...info.Config, Env: (info.Config.Env ?? []).map((line) => `${line.split('=', 1)[0]}=[left out]`) } },
  }
}
