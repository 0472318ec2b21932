import { once } from 'node:events'
import { join } from 'node:path'
import { openEmbedded } from '../../main/backends/embedded/embedded.ts'
import { systemClock } from '../../main/base/clock.ts'
import type { Mount } from '../../main/backends/backend.ts'
import { newSpec } from './backend-subject.ts'
import { liteServer } from './embedded-subject.ts'

/** What a host process is told, as JSON in its last argument. */
export interface HostOrder {
  readonly home: string
  readonly installation: string
  readonly sandboxes: number
  readonly mounts: readonly Mount[]
  readonly pids: number
}

// A process that hosts an embedded backend, for tests that look at it from outside or kill it: says `opened`, then what
// it made as one line of JSON, then waits for the end of its input.
const order = JSON.parse(process.argv[2] ?? '') as HostOrder
const backend = await openEmbedded({
  owner: { installation: order.installation, home: order.home },
  version: '0.0.0-test',
  clock: systemClock(),
  env: process.env,
  isolation: 'bubblewrap',
  node: process.execPath,
  server: liteServer,
  runDir: join(order.home, 'run'),
})
console.log('opened')
const made = await Promise.all(
  Array.from({ length: order.sandboxes }, async () => {
    const spec = newSpec('berthtest', 'berth-lite', {
      mounts: order.mounts,
      environment: { SPEC_SECRET: 'of-the-spec-only' },
      resources: { memory: null, cpus: null, pids: order.pids },
    })
    return { key: spec.key, found: await backend.create(spec, new AbortController().signal) }
  }),
)
console.log(JSON.stringify(made))
await once(process.stdin.resume(), 'end')
await backend.close()
