/** By what a phase is known to have been reached. */
export type Sign =
  /** The host announces the call and waits there for ever: it dies at exactly that point. */
  | { readonly kind: 'call'; readonly at: string; readonly anonymous?: boolean }
  /** At most so many ms after an announced call, while what follows it still goes on. */
  | { readonly kind: 'after-call'; readonly at: string; readonly upToMs: number }
  /** The host's event stream says so. */
  | { readonly kind: 'event'; readonly type: string }
  /** A file of the home appeared, or went. */
  | { readonly kind: 'file'; readonly dir: 'home' | 'locks' | 'leases'; readonly name: RegExp; readonly there: boolean }
  /** A client has its answer, and nobody has done anything since. */
  | { readonly kind: 'answer'; readonly to: string }
  /** Anywhere. */
  | { readonly kind: 'time' }

export interface Phase {
  readonly name: string
  /** Under traffic, while the engine of a used home starts, or while that of a new home does. */
  readonly when: 'traffic' | 'start' | 'first'
  readonly sign: Sign
}

const call = (at: string): Sign => ({ kind: 'call', at })
const event = (type: string): Sign => ({ kind: 'event', type })
const answer = (to: string): Sign => ({ kind: 'answer', to })
const file = (dir: 'home' | 'locks' | 'leases', name: RegExp, there: boolean): Sign => ({ kind: 'file', dir, name, there })
const id = '[a-f0-9]{16}'

export const anywhere: Phase = { name: 'anywhere', when: 'traffic', sign: { kind: 'time' } }

/** The container of an anonymous sandbox is there and nobody knows: what the next start has to remove. */
export const strayMade: Phase = { name: 'create:after, anonymous', when: 'traffic', sign: { kind: 'call', at: 'create:after', anonymous: true } }

const everywhere: readonly Phase[] = [
  { name: 'create:before', when: 'traffic', sign: call('create:before') },
  { name: 'create:after', when: 'traffic', sign: call('create:after') },
  strayMade,
  { name: 'readiness', when: 'traffic', sign: { kind: 'after-call', at: 'create:after', upToMs: 120 } },
  { name: 'prepare:before', when: 'traffic', sign: call('prepare:before') },
  { name: 'prepare:after', when: 'traffic', sign: call('prepare:after') },
  { name: 'remove:before', when: 'traffic', sign: call('remove:before') },
  { name: 'remove:after', when: 'traffic', sign: call('remove:after') },
  { name: 'rename:before', when: 'traffic', sign: call('rename:before') },
  { name: 'rename:after', when: 'traffic', sign: call('rename:after') },
  { name: 'lease: being written', when: 'traffic', sign: file('leases', new RegExp(`^${id}\\..*tmp$`), true) },
  { name: 'lease: renamed', when: 'traffic', sign: file('leases', new RegExp(`^${id}$`), true) },
  { name: 'lease: removed', when: 'traffic', sign: file('leases', new RegExp(`^${id}$`), false) },
  { name: 'lock: taken', when: 'traffic', sign: file('locks', new RegExp(`^${id}\\.lock$`), true) },
  { name: 'lock: owner written', when: 'traffic', sign: file('locks', new RegExp(`^${id}\\.owner$`), true) },
  { name: 'lock: owner removed', when: 'traffic', sign: file('locks', new RegExp(`^${id}\\.owner$`), false) },
  { name: 'event creating', when: 'traffic', sign: event('sandbox.creating') },
  { name: 'event active', when: 'traffic', sign: event('sandbox.active') },
  { name: 'event warm', when: 'traffic', sign: event('sandbox.warm') },
  { name: 'event stopping', when: 'traffic', sign: event('sandbox.stopping') },
  { name: 'event gone', when: 'traffic', sign: event('sandbox.gone') },
  { name: 'acquire answered', when: 'traffic', sign: answer('acquire') },
  { name: 'write answered', when: 'traffic', sign: answer('write') },
  { name: 'release answered', when: 'traffic', sign: answer('release') },
  { name: 'destroy answered', when: 'traffic', sign: answer('destroy') },
  anywhere,
  { name: 'start: lock taken', when: 'start', sign: file('locks', /^engine\.lock$/, true) },
  { name: 'start: bridge.json being written', when: 'start', sign: file('home', /^bridge\.json\..*tmp$/, true) },
  { name: 'start: bridge.json renamed', when: 'start', sign: file('home', /^bridge\.json$/, true) },
  { name: 'start: list:before', when: 'start', sign: call('list:before') },
  { name: 'start: list:after', when: 'start', sign: call('list:after') },
  { name: 'first: installation', when: 'first', sign: file('home', /^installation/, true) },
  { name: 'first: token', when: 'first', sign: file('home', /^token/, true) },
  { name: 'first: bridge.json', when: 'first', sign: file('home', /^bridge\.json/, true) },
]

/** What outlives its engine can be found again, and what of it is of no use is removed. */
const onDocker: readonly Phase[] = [
  { name: 'inspect:after', when: 'traffic', sign: call('inspect:after') },
  { name: 'start: adoption', when: 'start', sign: { kind: 'after-call', at: 'list:after', upToMs: 25 } },
  { name: 'start: remove:before', when: 'start', sign: call('remove:before') },
  { name: 'start: remove:after', when: 'start', sign: call('remove:after') },
]

export type ChaosBackend = 'docker' | 'embedded'

export const phasesOf = (backend: ChaosBackend): readonly Phase[] => (backend === 'docker' ? [...everywhere, ...onDocker] : everywhere)
