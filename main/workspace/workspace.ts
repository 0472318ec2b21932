import type { Mount } from '../backends/backend.ts'
import type { Config } from '../../shared/config.ts'
import type { Env, Overrides } from '../config/overrides.ts'
import type { Home } from '../home/open-home.ts'
import { discardAnonymous } from './delete-thread.ts'
import { ensureUserData, userDataOf } from './ensure-thread.ts'
import { engineSockets, hostFacts } from './host-facts.ts'
import { engineView, planMounts } from './plan-mounts.ts'
import type { Place } from './places.ts'

export interface WorkspaceDeps {
  readonly home: Home
  readonly config: () => Pick<Config, 'mounts' | 'skills'>
  readonly overrides: Overrides
  readonly env: Env
  /** Told of each problem that does not keep a sandbox from starting; the same one again and again. */
  readonly warn: (text: string) => void
}

/** Directories and mounts of sandboxes; what the provider's `mountsOf`, `userDataOf` and `discard` are. */
export interface Workspace {
  /** Makes the place's directories and checks every mount. Throws MOUNT_REFUSED, MOUNT_MISSING, HOME_UNUSABLE, DISK_FULL. */
  mountsOf(place: Place): Promise<Mount[]>
  /** The binds of a slot, whose directory stands for a thread's. */
  slotMountsOf(userData: string): Promise<Mount[]>
  /** A path of the home as the engine names it. */
  engineView(path: string): string
  /** What a sandbox of this place has at /mnt/user-data, as the engine sees it; nothing is made. */
  userDataOf(place: Place): Promise<string>
  /** Deletes an anonymous sandbox's files; a thread's are never deleted here. What resists is told of, and tried at each start. */
  discard(place: Place): Promise<void>
}

export function makeWorkspace({ home, config, overrides, env, warn }: WorkspaceDeps): Workspace {
  /** `where` makes nothing; `ready` makes what is missing. */
  async function mounted(where: () => Promise<string>, ready: () => Promise<string>): Promise<Mount[]> {
    const now = config()
    const paths = [...now.mounts.map((mount) => mount.host_path), ...(now.skills.path === null ? [] : [now.skills.path])]
    const remote = overrides.hostBaseDir !== null
    const at = new Map(remote ? [] : await Promise.all(paths.map(async (path) => [path, await hostFacts(path)] as const)))
    const sockets = await engineSockets(env)
    const rules = { home: home.path, ignoresCase: home.ignoresCase, sockets, config: now, overrides, at }
    // First what may fail without a trace, then the directories.
    planMounts({ ...rules, userData: await where() })
    const { mounts, warnings } = planMounts({ ...rules, userData: await ready() })
    for (const text of warnings) warn(text)
    return [...mounts]
  }

  return {
    mountsOf: (place) => mounted(() => userDataOf(home, place), () => ensureUserData(home, place)),
    slotMountsOf: (userData) => mounted(() => Promise.resolve(userData), () => Promise.resolve(userData)),
    engineView: (path) => engineView(path, { home: home.path, overrides }),
    userDataOf: async (place) => engineView(await userDataOf(home, place), { home: home.path, overrides }),
    async discard(place) {
      if (place.thread !== null) return
      const { left, leftCount } = await discardAnonymous(home, place.id)
      const [first] = left
      if (first) warn(`${leftCount} files of an anonymous sandbox could not be deleted, the first is ${first.path} (${first.code})`)
    },
  }
}
