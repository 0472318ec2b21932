import { fail, type BerthError } from '../../shared/errors.ts'
import type { Found } from '../backends/backend.ts'
import type { SandboxApi } from '../sandbox/sandbox-api.ts'
import type { ProviderDeps } from './deps.ts'

export interface Client {
  readonly api: SandboxApi
  /** Aborts, with the reason, as soon as the container is known to have ended. */
  readonly lost: AbortSignal
}

/** One client a container, by the engine's id, so that a successor of the same name never gets an old connection. */
export interface Clients {
  of(found: Found): Client
  /** The container ended: whoever works in it is told, its connections are closed. */
  ended(ref: string, error: BerthError): void
  /** Whether the engine reported this container's end, even before anybody asked for a client of it. */
  hasEnded(ref: string): boolean
  close(): Promise<void>
}

/** Ends reported before `create` returned are remembered; a handful is enough. */
const remembered = 512

export function makeClients(deps: Pick<ProviderDeps, 'openSandbox' | 'keyOf' | 'publish'>): Clients {
  const open = new Map<string, Client & { control: AbortController }>()
  const dead = new Set<string>()
  const closing = new Set<Promise<void>>()

  function shut(client: Client): void {
    const closed = client.api.close().catch((error: unknown) => {
      deps.publish({ type: 'berth.problem', who: 'berth:provider', text: `A connection did not close: ${String(error)}` })
    })
    closing.add(closed)
    void closed.then(() => closing.delete(closed))
  }

  return {
    of(found) {
      const known = open.get(found.ref)
      if (known && known.api.address.url === found.url) return known
      if (known) shut(known)
      if (found.url === null) {
        throw fail('ENGINE_FAILED', `The engine gives no address for ${found.name}`, {
          next: 'Destroy the sandbox and acquire again; `berth doctor` checks the engine.',
        })
      }
      const control = new AbortController()
      const key = found.nonce === null ? null : deps.keyOf(found.nonce)
      const client = { api: deps.openSandbox({ url: found.url, key }), lost: control.signal, control }
      open.set(found.ref, client)
      return client
    },
    ended(ref, error) {
      dead.add(ref)
      for (const oldest of dead) if (dead.size > remembered) dead.delete(oldest)
      const client = open.get(ref)
      if (!client) return
      open.delete(ref)
      client.control.abort(error)
      shut(client)
    },
    hasEnded: (ref) => dead.has(ref),
    async close() {
      for (const client of open.values()) shut(client)
      open.clear()
      await Promise.all(closing)
    },
  }
}
