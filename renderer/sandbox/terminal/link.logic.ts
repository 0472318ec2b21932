export interface Target {
  /** As it will be opened. */
  readonly href: string
  /** Host and port: what one looks at. */
  readonly host: string
  /** Odd enough to be said: a name in the address that is no host, or a host in another script. */
  readonly odd: 'login' | 'script' | null
  /** The machine that prints it means itself. */
  readonly own: boolean
}

/** `localhost`, a loopback address, or the one that stands for every address of a machine, as `URL` writes them. */
function isOwn(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname.startsWith('127.') || ['0.0.0.0', '[::]', '[::1]'].includes(hostname)
}

/** Where a link in a terminal really leads; null: nowhere that Berth goes. The program chose its text, so only the address counts. */
export function targetOf(uri: string): Target | null {
  if (uri.length > 4096 || !URL.canParse(uri)) return null
  const url = new URL(uri)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null
  const odd = url.username !== '' || url.password !== '' ? 'login' : url.hostname.split('.').some((label) => label.startsWith('xn--')) ? 'script' : null
  return { href: url.href, host: url.host, odd, own: isOwn(url.hostname) }
}
