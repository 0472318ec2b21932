import { randomBytes } from 'node:crypto'
import { calls, type CallArgs, type CallInput, type CallName, type CallResult } from '../shared/contract.ts'
import { asBerthError } from '../shared/errors.ts'
import type { CallOptions } from './doors/client/client.ts'
import { startEngine } from './engine/engine.ts'
import type { Engine } from './engine/engine-api.ts'
import { defaultHome } from './house/home/paths.ts'
import type { Log } from './base/log.ts'

export interface OpenOptions {
  readonly configFile?: string | undefined
  readonly env?: NodeJS.ProcessEnv | undefined
  readonly log?: Log | undefined
}

/** Berth from inside a program: the contract's calls, whoever the engine is. */
export interface Berth {
  /** Whether this very process is the home's engine. It may become it, when the one it was attached to dies. */
  role(): 'engine' | 'guest'
  call<K extends CallName>(name: K, input: CallInput<K>, options?: CallOptions<K>): Promise<CallResult<K>>
  acquire(input: CallInput<'acquire'>): Promise<CallResult<'acquire'>>
  release(input: CallInput<'release'>): Promise<CallResult<'release'>>
  /** Releases what was acquired through this object. Sandboxes that others hold go on; the engine moves to another process. */
  close(): Promise<void>
}

/**
 * The library's entry: gives the engine of a home, or attaches to the one that is there; when that one dies, one of those
 * who are left takes over. Sandboxes of the docker backend live through that, those of the embedded one end with their engine.
 */
export async function openProvider(home?: string, options: OpenOptions = {}): Promise<Berth> {
  const env = options.env ?? process.env
  const homeDir = home ?? defaultHome(env)
  const self = `process:${process.pid}-${randomBytes(4).toString('hex')}`
  const holds = new Map<string, { id: string; holder: string }>()
  let closed = false
  let attached = true
  let opening: Promise<Engine> | null = null

  const open = (): Promise<Engine> => {
    opening ??= startEngine({ homeDir, configFile: options.configFile, env, log: options.log ?? (() => undefined) }).then(
      (engine) => {
        attached = engine.attached
        return engine
      },
      (error: unknown) => {
        opening = null
        throw error
      },
    )
    return opening
  }

  async function call<K extends CallName>(name: K, input: CallInput<K>, callOptions?: CallOptions<K>): Promise<CallResult<K>> {
    for (let tries = 1; ; tries += 1) {
      const asked = open()
      const engine = await asked
      try {
        return await engine.call(name, input, callOptions)
      } catch (error) {
        const { code } = asBerthError(error)
        const gone = engine.attached && (code === 'NOT_RUNNING' || code === 'SHUTTING_DOWN')
        if (closed || !gone || !calls[name].repeats || tries >= 50) throw error
        if (opening === asked) {
          opening = null
          await engine.close()
        }
        // An engine that is closing still has its lock for a moment.
        if (code === 'SHUTTING_DOWN') await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  await open()
  return {
    role: () => (attached ? 'guest' : 'engine'),
    call,
    async acquire(input) {
      const got = await call('acquire', { holder: self, ...input })
      holds.set(`${got.id} ${got.holder}`, { id: got.id, holder: got.holder })
      return got
    },
    async release(input) {
      const asked = { holder: self, ...input } as CallArgs<'release'>
      const done = await call('release', asked)
      if (done.sandbox) holds.delete(`${done.sandbox.id} ${asked.holder ?? self}`)
      return done
    },
    async close() {
      if (closed) return
      closed = true
      const engine = await opening
      for (const hold of holds.values()) {
        // Best effort: a hold that cannot be given back runs out by itself.
        await engine?.call('release', hold).catch(() => undefined)
      }
      await engine?.close({ sparing: true })
    },
  }
}
