import type { Found } from '../../main/backends/backend.ts'
import type { Entry } from '../../main/core/registry.ts'

/** A container as an engine would report it, for tests of pure decisions. */
export function found(id: string, change: Partial<Found> = {}): Found {
  return {
    ref: `ref-${id}`,
    name: `berth-${id}`,
    state: 'running',
    owner: 'ours',
    id,
    user: 'default',
    thread: `t-${id}`,
    nonce: 'n',
    configHash: 'h',
    version: '1',
    image: 'berth-lite',
    createdAt: 1,
    url: 'http://127.0.0.1:1',
    exitCode: null,
    mounts: [],
    ...change,
  }
}

/** An active entry without holds; `change` makes it what a case needs. */
export function entry(id: string, change: Partial<Entry> = {}): Entry {
  return {
    id,
    user: 'default',
    thread: `t-${id}`,
    client: null,
    name: `berth-${id}`,
    state: 'active',
    since: 0,
    activityAt: 0,
    createdAt: 0,
    leases: [],
    sandbox: found(id),
    nonce: null,
    work: 0,
    replaced: 0,
    step: null,
    error: null,
    ...change,
  }
}
