import { join, resolve } from 'node:path'
import { homedir } from 'node:os'

/** Every file and directory of a home that has a fixed place. Threads' own places: `workspace/places.ts`. */
export interface HomePaths {
  readonly installation: string
  readonly token: string
  /** Hashes of the named tokens. */
  readonly tokens: string
  readonly bridge: string
  readonly leases: string
  /** `generations/{id}`: of capabilities that are no longer the first. */
  readonly generations: string
  readonly aliases: string
  readonly slots: string
  readonly locks: string
  /** `remote/{id}`: what a provisioner cannot keep of a sandbox. Made by the first engine that works with one. */
  readonly remote: string
  readonly events: string
  readonly config: string
  /** `users/{user}/threads/{thread}`: where threads live. */
  readonly users: string
  /** `threads/{thread}`: where older deer-flow homes have the threads of their only user. */
  readonly threads: string
  readonly anonymous: string
  /** What is being deleted, under random names; emptied at start. */
  readonly deleted: string
}

export function homePaths(dir: string): HomePaths {
  return {
    installation: join(dir, 'installation'),
    token: join(dir, 'token'),
    tokens: join(dir, 'tokens.json'),
    bridge: join(dir, 'bridge.json'),
    leases: join(dir, 'leases'),
    generations: join(dir, 'generations'),
    aliases: join(dir, 'aliases'),
    slots: join(dir, 'slots'),
    locks: join(dir, 'locks'),
    remote: join(dir, 'remote'),
    events: join(dir, 'events.jsonl'),
    config: join(dir, 'config.yaml'),
    users: join(dir, 'users'),
    threads: join(dir, 'threads'),
    anonymous: join(dir, 'anonymous'),
    deleted: join(dir, 'deleted'),
  }
}

/** Where the home is unless somebody says otherwise: BERTH_HOME, else `~/.berth`. Empty counts as unset. */
export function defaultHome(env: Readonly<Record<string, string | undefined>>): string {
  return env['BERTH_HOME'] ? resolve(env['BERTH_HOME']) : join(homedir(), '.berth')
}
