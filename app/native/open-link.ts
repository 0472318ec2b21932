import { fail } from '../../shared/errors.ts'

const loopback = /^(?:localhost|[a-z0-9-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** An address as the browser may get it: https, or http of this machine (a sandbox's own page). Throws BAD_INPUT. */
export function openable(text: string): string {
  const refused = () => fail('BAD_INPUT', 'This link is not opened: only https, and http on this machine', { next: 'Copy the address instead.' })
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw refused()
  }
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && loopback.test(url.hostname))
  // A name and password before the host would hide which host it is.
  if (!safe || url.username !== '' || url.password !== '') throw refused()
  return url.href
}
