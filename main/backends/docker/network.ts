import type Docker from 'dockerode'
import type { Owner } from '../backend.ts'
import { fail } from '../../../shared/errors.ts'
import type { Engine } from './engine.ts'
import { pairs } from './labels.ts'

/** The installation's own bridge network, by the engine's id of it. */
export interface SandboxNetwork {
  readonly name: string
  id(): Promise<string>
  /** After the engine said that it is gone. */
  forget(): void
}

const noTraffic = 'com.docker.network.bridge.enable_icc'

export function sandboxNetworkName(owner: Owner): string {
  return `berth-${owner.installation.slice(0, 8)}`
}

/**
 * A bridge whose members cannot reach each other. Made when first needed and whenever it was removed; used by id,
 * because the engine lets two networks made at once have one name.
 */
export function sandboxNetwork(engine: Engine, owner: Owner): SandboxNetwork {
  const name = sandboxNetworkName(owner)
  const labels = { 'berth.installation': owner.installation }
  let known: Promise<string> | null = null

  async function existing(): Promise<string | null> {
    const rows = await engine.call(
      'list networks',
      10_000,
      (abortSignal) => engine.docker.listNetworks({ filters: { name: [name] }, abortSignal }),
      { idempotent: true },
    )
    const named = rows.filter((row) => row.Name === name).toSorted(byAge)
    const usable = named.find((row) => row.Driver === 'bridge' && row.Options?.[noTraffic] === 'false')
    if (named.length > 0 && !usable) {
      throw fail('ENGINE_FAILED', `The network ${name} is there, but it lets sandboxes reach each other, so Berth does not use it`, {
        next: `Remove it: \`docker network rm ${name}\`. Berth makes its own.`,
      })
    }
    return usable?.Id ?? null
  }

  async function find(): Promise<string> {
    const found = await existing()
    if (found !== null) return found
    const made = await engine.call<string | null>(
      'make the network for sandboxes',
      30_000,
      async (abortSignal) => {
        const options = { Name: name, CheckDuplicate: true, Driver: 'bridge', Options: { [noTraffic]: 'false' }, Labels: labels, abortSignal }
        return (await engine.docker.createNetwork(options)).id
      },
      { answers: { 409: () => null } },
    )
    const winner = await existing()
    if (winner === null) {
      throw fail('ENGINE_FAILED', `The network ${name} was removed as soon as it was made`, { next: 'Look who removes networks (`docker events`), then try again.' })
    }
    if (made !== null && made !== winner) await removeNetwork(engine, made)
    return winner
  }

  return {
    name,
    // Shared by everyone who creates meanwhile, so one caller's signal must not end it.
    id() {
      if (known) return known
      const finding = find()
      known = finding
      finding.catch(() => {
        if (known === finding) known = null
      })
      return finding
    },
    forget() {
      known = null
    },
  }
}

/** Removes the installation's networks; for an uninstall, and for tests. */
export async function removeNetworks(engine: Engine, owner: Owner): Promise<void> {
  const rows = await engine.call('list networks', 10_000, (abortSignal) =>
    engine.docker.listNetworks({ filters: { label: pairs({ 'berth.installation': owner.installation }) }, abortSignal }),
  )
  for (const row of rows) await removeNetwork(engine, row.Id)
}

async function removeNetwork(engine: Engine, id: string): Promise<void> {
  await engine.call<void>('remove a network', 10_000, () => engine.docker.getNetwork(id).remove(), { answers: { 404: () => undefined } })
}

function byAge(a: Docker.NetworkInspectInfo, b: Docker.NetworkInspectInfo): number {
  const [x, y] = [`${a.Created} ${a.Id}`, `${b.Created} ${b.Id}`]
  return x < y ? -1 : x > y ? 1 : 0
}
