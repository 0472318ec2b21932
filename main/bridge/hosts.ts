/** Names by which this machine may be called in a Host header, beside the loopback ones. Lower case, IPv6 in brackets. */
export interface Hosts { readonly names: ReadonlySet<string>; readonly everywhere: boolean }

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])
const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

export const loopbackOnly: Hosts = { names: new Set(), everywhere: false }

/** `listen`: further addresses that are listened on; `named`: what URLs that Berth gives out have as their host. */
export function hostsOf(listen: readonly string[], named: string | null): Hosts {
  const names = [...listen.filter((address) => !isWildcard(address)), ...(named === null ? [] : [named])]
  return { names: new Set(names.map(asHost)), everywhere: listen.some(isWildcard) }
}

/** Whether it stands for every network that this machine is in. */
export function isWildcard(address: string): boolean {
  return wildcards.has(address) || /^[0:]+$/.test(address)
}

/** As it stands in a URL. */
export function asHost(name: string): string {
  const host = name.toLowerCase()
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

/** The name in a Host header, without its port; null where it is none. */
export function nameIn(header: string | undefined): string | null {
  const [, name] = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/i.exec(header ?? '') ?? []
  return name?.toLowerCase() ?? null
}

/**
 * Whether a Host header names this machine; by name and not by port, so that `ssh -L` to any port works. Where every network
 * is listened on, the address itself counts on which the connection came: a page that rebinds a name cannot make a
 * browser send an address.
 */
export function namesUs(name: string, hosts: Hosts, local: string | undefined): boolean {
  if (loopback.has(name) || hosts.names.has(name)) return true
  return hosts.everywhere && local !== undefined && name === asHost(local.replace(/^::ffff:/i, ''))
}

/** For `CallContext.via`, of a Host that was let in. */
export function viaOf(header: string | undefined): string | undefined {
  const name = nameIn(header)
  return name === null || loopback.has(name) ? undefined : name
}
