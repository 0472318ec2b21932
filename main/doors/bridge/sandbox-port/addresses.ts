import type { Addressing } from '../../../calls/rpc/addressing.ts'
import { asHost } from '../../http/guard.ts'
import type { Capabilities } from './capabilities.ts'
import { enterPath } from './access.ts'

export interface Addresses extends Addressing {
  /** The capability URL of a sandbox, without a trailing slash: all that a program needs. */
  urlOf(id: string, via?: string): string
}

/**
 * The addresses of sandboxes on the sandbox port. They depend on nothing of the container, so that they stay right when it is
 * replaced. Their host is the configured one, else the one by which the caller reached Berth, else loopback.
 */
export function sandboxAddresses(deps: {
  capabilities: Capabilities
  port: () => number
  mode: () => 'capability' | 'direct'
  /** BERTH_SANDBOX_HOST. */
  host: string | null
  /** Ends what runs over addresses of this sandbox. */
  cut: (id: string) => void
}): Addresses {
  const { capabilities } = deps
  const base = (via: string | undefined) => `http://${asHost(deps.host ?? via ?? '127.0.0.1')}:${deps.port()}/s`
  const urlOf = (id: string, via?: string) => `${base(via)}/${id}.${capabilities.of('path', id)}`
  const enter = (id: string) => `http://${id}.localhost:${deps.port()}${enterPath}?key=${capabilities.of('path', id)}`
  return {
    urlOf,
    enter,
    settled: (id) => capabilities.written(id),
    hand(got, via) {
      const enter_url = enter(got.id)
      return deps.mode() === 'direct' ? { ...got, enter_url } : { ...got, url: urlOf(got.id, via), headers: {}, enter_url }
    },
    given: (it, via) => (it.url === null || deps.mode() === 'direct' ? it.url : urlOf(it.id, via)),
    // Good with the token in a header.
    show: (it, via) => (deps.mode() === 'direct' || it.url === null ? it : { ...it, url: `${base(via)}/${it.id}` }),
    async rotate(id) {
      const written = capabilities.renew(id)
      deps.cut(id)
      await written
    },
  }
}
