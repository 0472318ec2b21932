import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** Where the host is to wait for its end, at the call after `skip` others of the kind. */
export interface HostOrder {
  readonly wait?: string
  readonly skip?: number
  readonly anonymous?: boolean
}

/** What the host does to its backend. `subject`: a container's name for create and inspect, its id for the rest. */
export interface Announcement {
  readonly call: string
  readonly subject: string
  readonly anonymous: boolean
  readonly held: boolean
}

/** A host process, seen from the controller. */
export interface HostProcess {
  readonly pid: number
  /** The bridge's address; rejects with what the host said when it ended first. */
  readonly up: Promise<string>
  /** Its end, with everything read that it still said. `killed`: by us. */
  readonly ended: Promise<{ killed: boolean; code: number | null }>
  order(order: HostOrder): void
  onCall(listener: (said: Announcement) => void): void
  /** Containers whose removal it has begun, and not finished. */
  removing(): ReadonlySet<string>
  /** Names of those whose creation it has begun, and not finished. */
  creating(): ReadonlySet<string>
  /** SIGKILL, in this very tick. */
  kill(): void
}

export function startHost(home: string, order: HostOrder = {}): HostProcess {
  const child = fork(join(import.meta.dirname, 'host.ts'), [home, JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const listeners: ((said: Announcement) => void)[] = []
  const removing = new Set<string>()
  const creating = new Set<string>()
  const up = Promise.withResolvers<string>()
  up.promise.catch(() => undefined) // Rounds that kill the host while it starts do not wait for it.
  let killed = false
  let errors = ''
  child.stderr?.on('data', (data) => void (errors = (errors + String(data)).slice(-4000)))
  child.on('message', (message: Announcement | { up: string } | { failed: string }) => {
    if ('up' in message) return up.resolve(message.up)
    if ('failed' in message) return up.reject(new Error(message.failed))
    if (message.call === 'remove:before') removing.add(message.subject)
    if (message.call === 'remove:after') removing.delete(message.subject)
    if (message.call === 'create:before') creating.add(message.subject)
    if (message.call === 'create:after') creating.delete(message.subject)
    for (const listener of listeners) listener(message)
  })
  const ended = Promise.all([once(child, 'exit'), once(child, 'disconnect')]).then(([[code]]) => {
    up.reject(new Error(`the host ended before it was up: ${errors}`))
    return { killed, code: code as number | null }
  })
  return {
    pid: child.pid ?? 0,
    up: up.promise,
    ended,
    order: (next) => void (child.connected && child.send(next)),
    onCall: (listener) => void listeners.push(listener),
    removing: () => removing,
    creating: () => creating,
    kill() {
      killed = true
      child.kill('SIGKILL')
    },
  }
}
