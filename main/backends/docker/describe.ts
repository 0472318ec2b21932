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
  const agent = (info.Config.Env ?? []).find((line) => line.startsWith('BERTH_AGENT='))?.slice('BERTH_AGENT='.length)
  const asRoot = agent === undefined && /^(0|root)(:|$)/.test(info.Config.User) && (host.CapAdd ?? []).length > 0
  const memory = host.Memory ?? 0
  return {
    imageId: info.Image,
    limits: {
      memory: memory > 0 && memory < machineMemory ? memory : null,
      cpus: host.NanoCpus ? host.NanoCpus / 1e9 : null,
      pids: host.PidsLimit && host.PidsLimit > 0 ? host.PidsLimit : null,
    },
    isolation: [
      { name: 'Runs as', value: asRoot ? 'root, with the powers that apt-get needs' : userOf(info, agent), weak: asRoot },
      {
        name: 'Privileges',
        value: `${options.includes('no-new-privileges') ? 'no new ones' : 'may gain new ones'}, ${privileges(host, agent, asRoot)}`,
        weak: !options.includes('no-new-privileges'),
      },
      { name: 'System calls', value: options.includes('seccomp=unconfined') ? 'not filtered, as the image’s browser needs' : 'the engine’s default filter', weak: options.includes('seccomp=unconfined') },
      { name: 'Network', value: host.NetworkMode === 'none' ? 'none' : 'reaches the internet, not other sandboxes', weak: host.NetworkMode !== 'none' },
    ],
    raw: { ...info, Config: { ...info.Config, Env: (info.Config.Env ?? []).map((line) => `${line.split('=', 1)[0]}=[left out]`) } },
  }
}

function userOf({ Config: { User } }: Docker.ContainerInspectInfo, agent: string | undefined): string {
  if (agent !== undefined) return `${agent}; the server as another, whom commands cannot end`
  return User === '' ? 'the image’s own user' : User
}

function privileges({ CapDrop, CapAdd }: Docker.HostConfig, agent: string | undefined, asRoot: boolean): string {
  const dropped = CapDrop ?? []
  if (!dropped.includes('ALL')) return `${dropped.length} capabilities dropped`
  if (asRoot) return `all capabilities dropped but ${(CapAdd ?? []).map((name: string) => name.replace(/^CAP_/, '').toLowerCase()).join(', ')}`
  return agent === undefined ? 'all capabilities dropped' : 'commands have no capability'
}
