import type { Backend, Found } from '../backends/backend.ts'
import type { ProviderDeps } from './deps.ts'

const userData = '/mnt/user-data'

/**
 * The backend, with each claimed slot told by what it is: its labels cannot say whose it became, `claim.json` does. A slot
 * of which the disk does not say that its directory is a thread's stays nobody's.
 */
export function identified(deps: Pick<ProviderDeps, 'backend' | 'slots' | 'slotSourceOf' | 'userDataOf'>): Backend {
  const { backend, slots } = deps
  if (slots === null) return backend

  async function identify(found: Found): Promise<Found> {
    if (found.slot === undefined || found.owner !== 'ours' || slots === null) return found
    const now = await slots.state(found.slot)
    if (now.kind !== 'home') return found
    const { id, user, thread } = now.place
    const before = deps.slotSourceOf(found.slot)
    const source = await deps.userDataOf(now.place)
    const mounts = found.mounts.map((mount) => (mount.target === userData && mount.source === before && source !== null ? { ...mount, source } : mount))
    return { ...found, id, user, thread, mounts }
  }

  return {
    ...backend,
    list: async () => await Promise.all((await backend.list()).map(identify)),
    async inspect(name) {
      const found = await backend.inspect(name)
      return found && (await identify(found))
    },
  }
}
