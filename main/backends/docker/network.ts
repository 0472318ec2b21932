import type Docker from 'dockerode'
import { fail } from '../../../shared/errors.ts'
import type { Engine } from './engine.ts'

/** Berth's own bridge network, by the engine's id of it. */
export interface SandboxNetwork {
  id(): Promise<string>
  /** After the engine said that it is gone. */
  forget(): void
}

const noTraffic = 'com.docker.network.bridge.enable_icc'

/**
 * One for all installations: nobody on it can reach anybody, and an engine has only some thirty address ranges for networks,
 * so that one for each home would use them up.
 */
export const sandboxNetworkName = 'berth-sandboxes'

/**
 * A bridge whose members cannot reach each other. Made when first needed and whenever it was removed; used by id,
 * because the engine lets two networks made at once have one name.
 */
export function sandboxNetwork(engine: Engine): SandboxNetwork {
  const name = sandboxNetworkName
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
        const options = { Name: name, CheckDuplicate: true, Driver: 'bridge', Options: { [noTraffic]: 'false' }, Labels: { 'berth.network': 'true' }, abortSignal }
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

async function removeNetwork(engine: Engine, id: string): Promise<void> {
  await engine.call<void>('remove a network', 10_000, () => engine.docker.getNetwork(id).remove(), { answers: { 404: () => undefined } })
}

function byAge(a: Docker.NetworkInspectInfo, b: Docker.NetworkInspectInfo): number {
  const [x, y] = [`${a.Created} ${a.Id}`, `${b.Created} ${b.Id}`]
  return x < y ? -1 : x > y ? 1 : 0
}
