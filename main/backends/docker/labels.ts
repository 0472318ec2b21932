import type { Found, Owner, SandboxSpec } from '../backend.ts'

const prefix = 'berth.'

/** Labels cannot change after create: what is true for life, and no secret (every process on the host may read them). */
export function labelsOf(spec: SandboxSpec, owner: Owner, version: string): Record<string, string> {
  return {
    ...ownerLabels(owner),
    ...(spec.slot === undefined ? keyLabels(spec) : { [`${prefix}slot`]: spec.slot }),
    [`${prefix}config`]: spec.configHash,
    [`${prefix}version`]: version,
    [`${prefix}nonce`]: spec.nonce,
    [`${prefix}image`]: spec.image,
  }
}

function keyLabels({ id, user, thread }: SandboxSpec): Record<string, string> {
  const key = { [`${prefix}id`]: id, [`${prefix}user`]: user }
  return thread === null ? { ...key, [`${prefix}anonymous`]: 'true' } : { ...key, [`${prefix}thread`]: thread }
}

export function ownerLabels(owner: Owner): Record<string, string> {
  return { [`${prefix}installation`]: owner.installation, [`${prefix}home`]: owner.home }
}

/** The engine's label filter for sandboxes of this owner, slots among them. */
export function sandboxFilter(owner: Owner): string[] {
  return pairs(ownerLabels(owner))
}

/** Probe containers of this owner. None is ever a sandbox, and whoever counts an owner's containers counts none of them. */
export function probeLabels(owner: Owner): Record<string, string> {
  return { [`${prefix}probe`]: owner.installation, [`${prefix}probe.home`]: owner.home }
}

export function pairs(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`)
}

export function ownership(labels: Readonly<Record<string, string>>, owner: Owner): Found['owner'] {
  const installation = labels[`${prefix}installation`]
  if (installation === undefined || (labels[`${prefix}id`] ?? labels[`${prefix}slot`]) === undefined) return 'stranger'
  if (installation !== owner.installation) return 'other-installation'
  return labels[`${prefix}home`] === owner.home ? 'ours' : 'other-home'
}

export function labelled(labels: Readonly<Record<string, string>>): Pick<Found, 'id' | 'user' | 'thread' | 'nonce' | 'configHash' | 'version' | 'slot'> {
  const slot = labels[`${prefix}slot`]
  const read = (name: string) => labels[prefix + name] ?? null
  return {
    id: read('id'),
    user: read('user'),
    thread: read('thread'),
    nonce: read('nonce'),
    configHash: read('config'),
    version: read('version'),
    ...(slot === undefined ? {} : { slot }),
  }
}

/** The image as the configuration names it; the engine may show a tag or a digest instead. */
export function imageLabel(labels: Readonly<Record<string, string>>): string | null {
  return labels[`${prefix}image`] ?? null
}
