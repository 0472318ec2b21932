/** Where the host itself gets its packages from. */
export interface AptSource { readonly uri: string; readonly suite: string; readonly keyring: string | null }

/** The first source of this suite's main component, from one-line (`*.list`) or deb822 (`*.sources`) text. */
export function findAptSource(texts: readonly string[], suite: string): AptSource | null {
  for (const text of texts) {
    const source = oneLine(text, suite) ?? deb822(text, suite)
    if (source) return source
  }
  return null
}

function oneLine(text: string, suite: string): AptSource | null {
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line)
    if (!match || match[3] !== suite || !/\bmain\b/.test(match[4] ?? '') || !match[2]) continue
    return { uri: match[2], suite, keyring: /signed-by=(\S+)/.exec(match[1] ?? '')?.[1] ?? null }
  }
  return null
}

function deb822(text: string, suite: string): AptSource | null {
  for (const stanza of text.split(/\n\s*\n/)) {
    const fields = new Map<string, string>()
    for (const line of stanza.split('\n')) {
      const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line)
      if (match?.[1]) fields.set(match[1].toLowerCase(), match[2] ?? '')
    }
    const words = (name: string) => (fields.get(name) ?? '').split(/\s+/)
    const uri = words('uris')[0]
    const off = fields.get('enabled')?.toLowerCase() === 'no'
    if (!uri || off || !words('types').includes('deb') || !words('suites').includes(suite) || !words('components').includes('main')) continue
    const keyring = fields.get('signed-by') ?? ''
    return { uri, suite, keyring: keyring.startsWith('/') ? keyring : null }
  }
  return null
}

/** `Acquire::http::Proxy` of `apt-config dump`, for debootstrap, which does not read it. */
export function aptProxies(dump: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const scheme of ['http', 'https']) {
    const value = new RegExp(`^Acquire::${scheme}::Proxy "([^"]+)";$`, 'im').exec(dump)?.[1]
    if (value && value !== 'DIRECT') found[`${scheme}_proxy`] = value
  }
  return found
}
