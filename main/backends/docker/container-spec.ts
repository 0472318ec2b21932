import type Docker from 'dockerode'
import { forCommands, type Mount, type Owner, type SandboxSpec } from '../backend.ts'
import { parseSize } from '../../../shared/size.ts'
import type { EngineTraits } from './docker-engine.ts'
import { agentUser, type UserIds } from './creation.ts'
import { imagePort, litePort } from './found.ts'
import type { ImageKind } from './image/image-kind.ts'
import { labelsOf } from './labels.ts'

export interface Surroundings {
  readonly owner: Owner
  readonly version: string
  readonly traits: EngineTraits
  /** Who owns Berth's home, so that a sandbox's files are that person's. */
  readonly homeUser: UserIds
  readonly networkId: string
  /** The image's name on the engine, and what kind of image it is. */
  readonly reference: string
  readonly kind: ImageKind
  readonly publish: string
  /** null: the engine chooses. */
  readonly hostPort: number | null
}

/** What an image that starts as root and changes to its own user can do without. Sandboxes never send raw packets. */
const dropped = ['NET_RAW', 'MKNOD', 'AUDIT_WRITE', 'SETFCAP']
/** To start programs as the agent while being somebody else. None of it reaches these programs. */
const ofTheServer = ['SETUID', 'SETGID', 'SETPCAP']
/** With `user: root`: what apt-get, dpkg, tar and useradd need. */
const ofRoot = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETUID', 'SETGID']
const sharedMemory = 2 * 1024 ** 3

/** Of variables that an image sets, those that would set up Node or what it loads instead of the agent's programs. */
const alsoTheServers = ['NODE_OPTIONS', 'LD_PRELOAD', 'LD_LIBRARY_PATH']

/** The right to change users outlasts the change, and it is the only one: setpriv(1), `server-user.ts` of the server. */
const keepingRights = ['/usr/bin/setpriv', '--securebits=+no_setuid_fixup', '--bounding-set=-setpcap']

/** One sandbox as the engine's API wants it. */
export function containerSpec(spec: SandboxSpec, at: Surroundings): Docker.ContainerCreateOptions {
  const { lite } = at.kind
  const port = `${lite && at.kind.start !== null ? litePort : imagePort}/tcp`
  const agent = agentUser({ ...at, user: spec.runsAs })
  const { User, Entrypoint, capabilities } = lite ? startOf(at.kind, agent, spec.runsAs === 'root') : foreign
  return {
    name: spec.name,
    Image: at.reference,
    Labels: labelsOf(spec, at.owner, at.version),
    Env: Object.entries(environmentOf(spec, at, agent)).map(([key, value]) => `${key}=${value}`),
    ExposedPorts: { [port]: {} },
    ...(User === undefined ? {} : { User }),
    ...(Entrypoint === undefined ? {} : { Entrypoint }),
    HostConfig: {
      // A Docker init reaps what the sandbox's server did not start itself.
      Init: true,
      Mounts: spec.mounts.map(bind),
      NetworkMode: at.networkId,
      PortBindings: { [port]: [{ HostIp: at.publish, HostPort: at.hostPort === null ? '' : String(at.hostPort) }] },
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
      CapDrop: lite ? ['ALL'] : dropped,
      ...(capabilities.length === 0 ? {} : { CapAdd: capabilities }),
      // AIO images run Chromium, whose own sandbox needs calls that the default profile refuses.
      SecurityOpt: lite ? ['no-new-privileges'] : ['no-new-privileges', 'seccomp=unconfined'],
      ...(lite ? {} : { ShmSize: sharedMemory }),
      ...(lite && at.traits.userns ? { UsernsMode: 'host' } : {}),
      ...limits(spec.resources),
    },
  }
}

interface Start {
  readonly User?: string
  readonly Entrypoint?: string[]
  readonly capabilities: string[]
}
const foreign: Start = { capabilities: [] }

/**
 * The server is root without powers, and only its programs are the agent's user: so no agent can end it. Where the agent
 * is root itself, or an image made FROM ours puts a program of its own in front, there is one user for all.
 */
function startOf(kind: ImageKind, agent: UserIds, privileged: boolean): Start {
  if (agent.uid === 0) return { User: '0:0', capabilities: privileged ? ofRoot : [] }
  if (kind.start === null) return { User: `${agent.uid}:${agent.gid}`, capabilities: [] }
  return { User: '0:0', Entrypoint: [...keepingRights, ...kind.start], capabilities: ofTheServer }
}

export function bind(mount: Mount): Docker.MountSettings {
  return { Type: 'bind', Source: mount.source, Target: mount.target, ReadOnly: mount.readonly, BindOptions: { Propagation: 'rprivate' } }
}

/** Of a probe: as the home's owner where uids mean the same on both sides, whom alone its files let read. */
export function userOf(at: Pick<Surroundings, 'traits' | 'homeUser'>): { User?: string } {
  if (!at.traits.native) return {}
  return { User: at.traits.rootless ? '0:0' : `${at.homeUser.uid}:${at.homeUser.gid}` }
}

function environmentOf(spec: SandboxSpec, at: Surroundings, agent: UserIds): Record<string, string> {
  const key = { SANDBOX_API_KEY: spec.key }
  if (!at.kind.lite) {
    // AIO images make their user with these; with 0 they would fail to add a second root.
    const ids = at.traits.native && !at.traits.rootless && agent.uid !== 0 ? { USER_UID: String(agent.uid), USER_GID: String(agent.gid) } : {}
    return { ...ids, ...spec.environment, ...key }
  }
  const { environment, start } = at.kind
  const aside = alsoTheServers.filter((name) => environment[name] !== undefined)
  return {
    ...forCommands({ ...Object.fromEntries(aside.map((name) => [name, environment[name] ?? ''])), ...spec.environment }),
    ...Object.fromEntries(aside.map((name) => [name, ''])),
    // The server in the image is this Berth's own build of it, so it has this Berth's version.
    BERTH_VERSION: at.version,
    ...(start === null ? {} : { PUBLIC_PORT: String(litePort) }),
    ...(start === null || agent.uid === 0 ? {} : { BERTH_AGENT: `${agent.uid}:${agent.gid}` }),
    ...key,
  }
}

function limits(resources: SandboxSpec['resources']): Docker.HostConfig {
  return {
    ...(resources.memory === null ? {} : { Memory: parseSize(resources.memory) }),
    ...(resources.cpus === null ? {} : { NanoCpus: Math.round(resources.cpus * 1e9) }),
    ...(resources.pids === null ? {} : { PidsLimit: resources.pids }),
  }
}
