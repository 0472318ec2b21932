import type Docker from 'dockerode'
import { fail } from '../../../shared/errors.ts'
import type { Engine } from './docker-engine.ts'

/** Berth's own bridge network, by the engine's id of it. */
export interface SandboxNetwork {
  id(): Promise<string>
  /** After the engine said that this one is gone or not the only one of its name. */
  forget(id: string): Promise<void>
}

const noTraffic = 'com.docker.network.bridge.enable_icc'

/**
 * One for all installations: nobody on it can reach anybody, and an engine has only some thirty address ranges for networks,
 * so that one for each home would use them up.
 */
export const sandboxNetworkName = 'berth-sandboxes'

/**
 * A bridge whose members cannot reach each other. Made when first needed and whenever it was removed. The engine lets two
 * that are made at once have one name, and then starts nothing on either: the oldest stays, whoever sees more removes them.
 */
export function sandboxNetwork(engine: Engine): SandboxNetwork {
  const name = sandboxNetworkName
  let known: Promise<string> | null = null

  async function existing(): Promise<string | null> {
    const rows = await engine.call('list networks', 10_000, (abortSignal) => engine.docker.listNetworks({ filters: { name: [name] }, abortSignal }), {
      idempotent: true,
    })
    const named = rows.filter((row) => row.Name === name).toSorted(byAge)
    const usable = named.find((row) => row.Driver === 'bridge' && row.Options?.[noTraffic] === 'false')
    if (named.length > 0 && !usable) {
      throw fail('ENGINE_FAILED', `The network ${name} is there, but it lets sandboxes reach each other, so Berth does not use it`, {
        next: `Remove it: \`docker network rm ${name}\`. Berth makes its own.`,
      })
    }
    for (const extra of named) if (usable && extra !== usable) await removeNetwork(engine, extra.Id)
    return usable?.Id ?? null
  }

  async function find(): Promise<string> {
    const found = await existing()
    if (found !== null) return found
    await engine.call<void>(
      'make the network for sandboxes',
      30_000,
      async (abortSignal) => {
        const options = {
          Name: name,
          CheckDuplicate: true,
          Driver: 'bridge',
          Options: { [noTraffic]: 'false' },
          Labels: { 'berth.network': 'true' },
          abortSignal,
        }
        await engine.docker.createNetwork(options)
      },
      { answers: { 409: () => undefined } },
    )
    const winner = await existing()
    if (winner === null) {
      throw fail('ENGINE_FAILED', `The network ${name} was removed as soon as it was made`, {
        next: 'Look who removes networks (`docker events`), then try again.',
      })
    }
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
    async forget(id) {
      // Many may hear of the same loss; only the first must act on it.
      const current = known
      if (current !== null && (await current.catch(() => id)) === id && known === current) known = null
    },
  }
}

async function removeNetwork(engine: Engine, id: string): Promise<void> {
  await engine.call<void>('remove a network', 10_000, () => engine.docker.getNetwork(id).remove(), {
    // 403: sandboxes are on it, so it is not ours to remove.
    answers: { 403: () => undefined, 404: () => undefined },
  })
}

function byAge(a: Docker.NetworkInspectInfo, b: Docker.NetworkInspectInfo): number {
  const [x, y] = [`${a.Created} ${a.Id}`, `${b.Created} ${b.Id}`]
  return x < y ? -1 : x > y ? 1 : 0
}
