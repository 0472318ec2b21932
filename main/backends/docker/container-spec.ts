import type Docker from 'dockerode'
import type { Mount, Owner, SandboxSpec } from '../backend.ts'
import { parseSize } from '../../../shared/size.ts'
import type { EngineTraits } from './engine-traits.ts'
import { containerPort } from './found.ts'
import { isLite } from './image/lite-recipe.ts'
import { labelsOf } from './labels.ts'

export interface Surroundings {
  readonly owner: Owner
  readonly version: string
  readonly traits: EngineTraits
  /** Who owns Berth's home, so that a sandbox's files are that person's. */
  readonly homeUser: { readonly uid: number; readonly gid: number }
  readonly networkId: string
  /** The image's name on the engine. */
  readonly reference: string
  readonly publish: string
  /** null: the engine chooses. */
  readonly hostPort: number | null
}

/** What an image that starts as root and changes to its own user can do without. Sandboxes never send raw packets. */
const dropped = ['NET_RAW', 'MKNOD', 'AUDIT_WRITE', 'SETFCAP']
const sharedMemory = 2 * 1024 ** 3

/** One sandbox as the engine's API wants it. */
export function containerSpec(spec: SandboxSpec, at: Surroundings): Docker.ContainerCreateOptions {
  const lite = isLite(spec.image)
  return {
    name: spec.name,
    Image: at.reference,
    Labels: labelsOf(spec, at.owner, at.version),
    Env: Object.entries(environmentOf(spec, at, lite)).map(([key, value]) => `${key}=${value}`),
    ExposedPorts: { [containerPort]: {} },
    ...(lite ? userOf(at) : {}),
    HostConfig: {
      // A Docker init reaps what the sandbox's server did not start itself.
      Init: true,
      Mounts: spec.mounts.map(bind),
      NetworkMode: at.networkId,
      PortBindings: { [containerPort]: [{ HostIp: at.publish, HostPort: at.hostPort === null ? '' : String(at.hostPort) }] },
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
      CapDrop: lite ? ['ALL'] : dropped,
      // AIO images run Chromium, whose own sandbox needs calls that the default profile refuses.
      SecurityOpt: lite ? ['no-new-privileges'] : ['no-new-privileges', 'seccomp=unconfined'],
      ...(lite ? {} : { ShmSize: sharedMemory }),
      ...(lite && at.traits.userns ? { UsernsMode: 'host' } : {}),
      ...limits(spec.resources),
    },
  }
}

export function bind(mount: Mount): Docker.MountSettings {
  return { Type: 'bind', Source: mount.source, Target: mount.target, ReadOnly: mount.readonly, BindOptions: { Propagation: 'rprivate' } }
}

/** As the home's owner where uids mean the same on both sides; a rootless engine's root is that user already. */
export function userOf(at: Pick<Surroundings, 'traits' | 'homeUser'>): { User?: string } {
  if (!at.traits.native) return {}
  return { User: at.traits.rootless ? '0:0' : `${at.homeUser.uid}:${at.homeUser.gid}` }
}

function environmentOf(spec: SandboxSpec, at: Surroundings, lite: boolean): Record<string, string> {
  const { uid, gid } = at.homeUser
  // AIO images make their user with these; with 0 they would fail to add a second root.
  const ids = !lite && at.traits.native && !at.traits.rootless && uid !== 0 ? { USER_UID: String(uid), USER_GID: String(gid) } : {}
  // The server in the image is this Berth's own build of it, so it has this Berth's version.
  return { ...ids, ...spec.environment, ...(lite ? { BERTH_VERSION: at.version } : {}), SANDBOX_API_KEY: spec.key }
}

function limits(resources: SandboxSpec['resources']): Docker.HostConfig {
  return {
    ...(resources.memory === null ? {} : { Memory: parseSize(resources.memory) }),
    ...(resources.cpus === null ? {} : { NanoCpus: Math.round(resources.cpus * 1e9) }),
    ...(resources.pids === null ? {} : { PidsLimit: resources.pids }),
  }
}
