import type { Description, SandboxSpec } from '../backend.ts'
import { unenforced } from './limits.ts'

/** What keeps an embedded sandbox apart from this machine, and what does not. */
export function descriptionOf(spec: SandboxSpec, jailed: boolean, userNamespace: boolean): Description {
  const { id, name, mounts, resources, environment } = spec
  return {
    imageId: null,
    limits: { memory: null, cpus: null, pids: !jailed || unenforced(resources, userNamespace).includes('pids') ? null : resources.pids },
    isolation: jailed
      ? [
          { name: 'Runs as', value: userNamespace ? 'you, in a user namespace of its own' : 'root without any capability', weak: !userNamespace },
          { name: 'Privileges', value: 'no new ones, all capabilities dropped', weak: false },
          { name: 'Files', value: 'this machine’s programs, read only; no home directories', weak: false },
          { name: 'Processes', value: 'sees only its own', weak: false },
          { name: 'Network', value: 'this machine’s own, loopback included', weak: true },
          { name: 'Limits', value: 'none of memory or CPU', weak: true },
        ]
      : [{ name: 'Everything', value: 'runs with your own rights: nothing is isolated', weak: true }],
    raw: { id, name, mounts, resources, environment: Object.keys(environment), bubblewrap: jailed, user_namespace: userNamespace },
  }
}
