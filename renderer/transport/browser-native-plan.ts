/** https anywhere, http only to this machine; no credentials in it. */
export function isSafeLink(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, username, password } = new URL(url)
  if (username !== '' || password !== '') return false
  if (protocol === 'https:') return true
  return protocol === 'http:' && (hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]' || hostname.endsWith('.localhost'))
}

/** A file's own name below a directory of the sandbox: what a browser calls it may hold no path. */
export function joined(directory: string, name: string): string {
  const own = name.split(/[\\/]/).pop() ?? name
  return `${directory.replace(/\/+$/, '')}/${own}`
}
