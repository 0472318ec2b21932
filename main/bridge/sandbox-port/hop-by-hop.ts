/** Of one connection only (RFC 9110 7.6.1), and what clients wrongly take for such. */
const always = [
  'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'upgrade',
]

/** How long a message is: never passed on as it came, always said anew for what is really sent. */
export const framing: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])

/** Named in `Connection`, these stay: removing them would change what a message is, not how it travels. */
const essential: ReadonlySet<string> = new Set(['host', 'content-type', 'content-encoding', 'cookie', 'authorization', 'set-cookie', 'location'])

/** Names of the headers of a message that end here; `rawHeaders` as node:http gives them. */
export function hopByHop(rawHeaders: readonly string[]): ReadonlySet<string> {
  const names = new Set(always)
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== 'connection') continue
    for (const token of (rawHeaders[at + 1] ?? '').split(',')) {
      const name = token.trim().toLowerCase()
      if (!essential.has(name)) names.add(name)
    }
  }
  return names
}
