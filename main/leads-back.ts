import { createHash, timingSafeEqual } from 'node:crypto'
import type { Config } from '../shared/config.ts'
import { decoded } from './backends/remote/provisioner.ts'

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * Whether `provisioner_url` is this very Berth: deer-flow's configuration names Berth as its provisioner, and Berth may read
 * the same file. Nobody is asked, as this engine does not listen yet: whoever brings a token of ours means us, and so does
 * whoever names the port that is ours.
 */
export function leadsBack(
  config: Pick<Config, 'provisioner_url' | 'provisioner_api_key'> & { readonly bridge: Pick<Config['bridge'], 'port'> },
  self: { readonly isToken: (text: string) => boolean; readonly keptPort: number | null },
): boolean {
  const url = URL.parse(config.provisioner_url ?? '')
  if (url === null) return false
  const keys = [config.provisioner_api_key ?? '', decoded(url.password), decoded(url.username)]
  if (keys.some((key) => key !== '' && self.isToken(key))) return true
  const port = config.bridge.port ?? self.keptPort
  return port !== null && loopback.has(url.hostname) && (url.port || (url.protocol === 'https:' ? '443' : '80')) === String(port)
}

/** Equal, in a time that tells nothing of where they differ. */
export function sameToken(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
