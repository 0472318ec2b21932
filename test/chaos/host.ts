import { flushCompileCache } from 'node:module'
import type { Backend } from '../../main/backends/backend.ts'
import { startEngine } from '../../main/engine/engine.ts'
import { fail } from '../../shared/errors.ts'
import type { Announcement, HostOrder } from './hosting.ts'

// The engine as a process of its own, made to be killed: `node host.ts HOME`, with an IPC channel. It announces every
// call of its backend, before and after, and waits for ever at the one that it was told of.

const home = process.argv[2]
if (home === undefined || !process.send) throw new Error('usage: host.ts HOME, with an IPC channel')
const say = (message: Announcement | { up: string } | { failed: string }) => void process.send?.(message)

let order: HostOrder = JSON.parse(process.argv[3] ?? '{}') as HostOrder
process.on('message', (message) => {
  order = message as HostOrder
})
// Whoever started this is gone: so that nothing is left, so are we.
process.on('disconnect', () => process.exit(1))

async function at(call: string, subject: string, anonymous: boolean): Promise<void> {
  const held = order.wait === call && (order.anonymous !== true || anonymous)
  if (held && (order.skip ?? 0) > 0) {
    order = { ...order, skip: (order.skip ?? 0) - 1 }
    return say({ call, subject, anonymous, held: false })
  }
  say({ call, subject, anonymous, held })
  if (held) await new Promise<never>(() => undefined)
}

function around<A extends unknown[], R>(name: string, run: (...args: A) => Promise<R>, about: (...args: A) => { subject: string; anonymous?: boolean }) {
  return async (...args: A): Promise<R> => {
    const { subject, anonymous = false } = about(...args)
    await at(`${name}:before`, subject, anonymous)
    try {
      return await run(...args)
    } finally {
      await at(`${name}:after`, subject, anonymous)
    }
  }
}

function announced(backend: Backend): Backend {
  const nobody = () => ({ subject: '' })
  const named = (subject: string) => ({ subject })
  const prepared = around('prepared', backend.prepared, named)
  const create = around('create', backend.create, ({ name, thread, slot }) => ({ subject: name, anonymous: thread === null && slot === undefined }))
  // An image is prepared once in the life of a machine, and asked for once in that of an engine: for a phase that is about
  // it, it is as if somebody had removed it.
  const imageGone = () => order.wait?.startsWith('prepare:') ?? false
  return {
    ...backend,
    facts: around('facts', backend.facts, nobody),
    list: around('list', backend.list, nobody),
    inspect: around('inspect', backend.inspect, named),
    prepared: async (image) => (await prepared(image)) && !imageGone(),
    prepare: around('prepare', backend.prepare, named),
    async create(spec, signal) {
      if (imageGone()) throw fail('IMAGE_MISSING', `The image ${spec.image} is gone`, { next: 'Acquire again.' })
      return await create(spec, signal)
    },
    remove: around('remove', backend.remove, named),
    rename: around('rename', backend.rename, named),
    pause: around('pause', backend.pause, named),
    unpause: around('unpause', backend.unpause, named),
    close: around('close', backend.close, nobody),
  }
}

try {
  const engine = await startEngine({
    homeDir: home,
    env: process.env,
    log: (level, text, cause) => level !== 'info' && console.error(`${level}: ${text}`, cause ?? ''),
    decorate: announced,
  })
  // It is to be killed, and then it would keep nothing of what it compiled.
  flushCompileCache()
  say({ up: engine.url })
  await engine.closed
  process.removeAllListeners('disconnect')
  process.disconnect()
} catch (error) {
  say({ failed: error instanceof Error ? `${'code' in error ? String(error.code) : error.name}: ${error.message}` : String(error) })
  throw error
}
