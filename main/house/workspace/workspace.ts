import type { Mount } from '../../backends/backend.ts'
import type { Config } from '../../../shared/config.ts'
import type { Env, Overrides } from '../config/settle.ts'
import type { ExtraMount, Extras } from '../../core/deps.ts'
import type { Home } from '../home/open-home.ts'
import { discardAnonymous } from './delete-thread.ts'
import { ensureUserData, type FilesOwner, giveFiles, userDataOf } from './ensure-thread.ts'
import { checkExtras, engineView, type MountRoot, outerFirst, planMounts } from './plan-mounts.ts'
import { engineSockets, hostFacts, type HostFacts } from './host-facts.ts'
import type { Place } from './places.ts'

export interface WorkspaceDeps {
  readonly home: Home
  readonly config: () => Pick<Config, 'mounts' | 'skills' | 'deer_flow'>
  readonly overrides: Overrides
  readonly env: Env
  /** Whom the files of sandboxes belong to; null: whoever runs Berth. */
  readonly owner?: () => Promise<FilesOwner | null>
  /** Told of each problem that does not keep a sandbox from starting; the same one again and again. */
  readonly warn: (text: string) => void
}

/** Directories and mounts of sandboxes; what the provider's `mountsOf`, `userDataOf` and `discard` are. */
export interface Workspace {
  /** Makes the place's directories and checks every mount. Throws MOUNT_REFUSED, MOUNT_MISSING, HOME_UNUSABLE, DISK_FULL. */
  mountsOf(place: Place, extras?: readonly Mount[]): Promise<Mount[]>
  /** The binds of a slot, whose directory stands for a thread's. */
  slotMountsOf(userData: string): Promise<{ mounts: Mount[]; seen: string }>
  /** A path of the home as the engine names it. */
  engineView(path: string): string
  /** Which of the binds that a caller wants besides may be mounted and are there. Throws MOUNT_REFUSED. */
  extrasOf(place: Place, wanted: readonly ExtraMount[]): Promise<Extras>
  /** What a sandbox of this place has at /mnt/user-data, as the engine sees it; nothing is made. */
  userDataOf(place: Place): Promise<string>
  /** Deletes an anonymous sandbox's files; a thread's are never deleted here. What resists is told of, and tried at each start. */
  discard(place: Place): Promise<void>
}

export function makeWorkspace({ home, config, overrides, env, owner, warn }: WorkspaceDeps): Workspace {
  /** `others`: mounts that are none of the configured ones are judged by these facts. */
  async function factsNow(others = false) {
    const now = config()
    const paths = [...now.mounts.map((mount) => mount.host_path), ...(now.skills.path === null ? [] : [now.skills.path])]
    const remote = overrides.hostBaseDir !== null
    const at = new Map(remote ? [] : await Promise.all(paths.map(async (path) => [path, await hostFacts(path)] as const)))
    return { home: home.path, ignoresCase: home.ignoresCase, sockets: others || paths.length > 0 ? await engineSockets(env) : [], config: now, overrides, at }
  }

  async function rootsNow(): Promise<MountRoot[]> {
    const { deer_flow } = config()
    const named = [
      ...(deer_flow.home === null ? [] : [{ path: deer_flow.home, deerFlows: true }]),
      ...deer_flow.mount_roots.map((path) => ({ path, deerFlows: false })),
    ]
    // One that is not there allows nothing yet.
    return await Promise.all(named.map(async (one) => ({ ...one, real: (await hostFacts(one.path))?.real ?? one.path })))
  }

  return {
    async mountsOf(place, extras = []) {
      const facts = await factsNow()
      const agent = (await owner?.()) ?? null
      // First what may fail without a trace, then the directories.
      planMounts({ ...facts, userData: await userDataOf(home, place) })
      const { mounts, warnings } = planMounts({ ...facts, userData: await ensureUserData(home, place, agent) })
      for (const text of [...warnings, ...notWritable(facts, agent)]) warn(text)
      return outerFirst([...mounts, ...extras.filter(({ target }) => !mounts.some((mount) => mount.target === target))])
    },
    async slotMountsOf(userData) {
      const facts = await factsNow()
      for (const text of notWritable(facts, (await owner?.()) ?? null)) warn(text)
      const { mounts } = planMounts({ ...facts, userData })
      return { mounts: outerFirst([...mounts]), seen: JSON.stringify([mounts, [...facts.at].map(([path, it]) => [path, it?.inode])]) }
    },
    engineView: (path) => engineView(path, { home: home.path, overrides }),
    async extrasOf(place, wanted) {
      const facts = await factsNow(true)
      const { mounts: base } = planMounts({ ...facts, userData: await userDataOf(home, place) })
      const roots = await rootsNow()
      const extras = await checkExtras(wanted, { ...facts, place, base, roots, look: hostFacts })
      // deer-flow as root has its agents be root: what it lets them write to in its home is theirs, as their thread's files are.
      const theirs = (source: string) => overrides.hostBaseDir === null && roots.some(({ deerFlows, real }) => deerFlows && source.startsWith(`${real}/`))
      for (const { source, readonly } of extras.mounts) if (!readonly && theirs(source)) await giveFiles(source, (await owner?.()) ?? null)
      return extras
    },
    userDataOf: async (place) => engineView(await userDataOf(home, place), { home: home.path, overrides }),
    async discard(place) {
      if (place.thread !== null) return
      const { left, leftCount } = await discardAnonymous(home, place.id)
      const [first] = left
      if (first) warn(`${leftCount} files of an anonymous sandbox could not be deleted, the first is ${first.path} (${first.code})`)
    },
  }
}

/** Read-write mounts of somebody else's, where whoever a sandbox runs as can only read. */
function notWritable({ config, at }: { config: Pick<Config, 'mounts'>; at: ReadonlyMap<string, HostFacts | null> }, agent: FilesOwner | null): string[] {
  if (agent === null || agent.uid === 0) return []
  return config.mounts.flatMap(({ host_path, read_only }) => {
    const facts = at.get(host_path)
    if (read_only || !facts || facts.uid === agent.uid) return []
    if ((facts.mode & 0o002) !== 0 || (facts.gid === agent.gid && (facts.mode & 0o020) !== 0)) return []
    return [
      `${host_path} is mounted to be written, but belongs to uid ${facts.uid}, and sandboxes run as uid ${agent.uid}: they cannot write there. Set \`user: ${facts.uid || 'root'}\`, or give them the directory`,
    ]
  })
}
