import { createHash, createHmac } from 'node:crypto'

/** A sandbox's own API key: derived, so that it is found again after a restart from the nonce label alone. 64 hex digits. */
export function sandboxKey(secret: string, nonce: string): string {
  return createHmac('sha256', Buffer.from(secret, 'hex')).update(nonce).digest('hex')
}

/**
 * What lets its bearer into one sandbox, by whichever form (`path`: in a URL; `browser`: in a cookie, so that one that
 * leaks from a browser is no URL). `generation` is '' until it is changed for the first time. 32 hex digits.
 */
export function capability(secret: string, form: 'path' | 'browser', id: string, generation: string): string {
  return createHmac('sha256', Buffer.from(secret, 'hex')).update(['capability', form, id, generation].join(':')).digest('hex').slice(0, 32)
}

/** The id of a key's sandbox, in deer-flow's newest form: 16 hex digits. */
export function containerId(user: string, thread: string): string {
  return createHash('sha256').update(`${user}:${thread}`).digest('hex').slice(0, 16)
}

/** The id of the anonymous sandbox that one client of the provisioner dialect means by an id of its own. */
export function namedAnonymousId(client: string, name: string): string {
  return createHash('sha256').update(JSON.stringify(['anonymous', client, name])).digest('hex').slice(0, 16)
}

/** All names that deer-flow clients of any age give a thread's sandbox by themselves. */
export function deerFlowIds(user: string, thread: string): string[] {
  const id = containerId(user, thread)
  return [id, id.slice(0, 8), ...(user === 'default' ? [seedAlias(thread)] : [])]
}

/** What the oldest deer-flow clients call a thread's sandbox: 8 hex digits, which collide; good as an alias only. */
export function seedAlias(thread: string): string {
  return createHash('sha256').update(thread).digest('hex').slice(0, 8)
}
