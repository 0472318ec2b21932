import { abortError } from '../../shared/abort.ts'
import { asBerthError, type BerthError, fail } from '../../shared/errors.ts'
import type { Found, Mount, SandboxSpec } from '../backends/backend.ts'
import type { Config } from '../../shared/config.ts'
import { type Core, hashWith, type Landing, outdated } from './core.ts'
import type { Extras } from './deps.ts'
import { type Entry, making } from './registry.ts'
import type { Flight } from './flights.ts'
import { inspectSandbox } from './alive.ts'

const userData = '/mnt/user-data'

export interface Born {
  readonly found: Found
  readonly path: 'found' | 'slot' | 'cold'
}

/**
 * Makes the container of an entry that already has its place, or finds the one that exists under its name. Whatever
 * fails on the way leaves nothing behind.
 */
export async function giveBirth(core: Core, entry: Entry, extras: Extras | null, flight: Flight<Landing>, signal: AbortSignal): Promise<Born> {
  const { deps } = core
  const config = deps.config()
  const say = (step: string, text: string) => flight.report({ type: 'progress', step, text, done: null, total: null })
  // Planned while the lock is taken; what is wrong with them is told all the same, before anything is made.
  const mounts = deps.mountsOf(entry, extras?.mounts ?? [])
  mounts.catch(() => undefined)
  // Forty boots at once take longer than forty in turn, and each would run into its deadlines.
  let leave = await core.starts.pass(signal)
  try {
    for (;;) {
      // Asking costs a call in every cold start; the engine says soon enough that an image has gone.
      const assumed = core.images.has(config.image)
      if (!assumed && !(await deps.backend.prepared(config.image))) {
        // A pull may take minutes, and other images are there: it holds up nobody.
        leave()
        await mounts
        await deps.backend.prepare(config.image, (progress) => flight.report(progress), signal)
        leave = await core.starts.pass(signal)
      }
      core.images.add(config.image)
      try {
        return await startLocked(core, entry, { config, mounts, extras: extras?.hash ?? null, say, signal })
      } catch (error) {
        if (!assumed || asBerthError(error).code !== 'IMAGE_MISSING') throw error
        core.images.delete(config.image)
      }
    }
  } finally {
    leave()
  }
}

interface Start {
  readonly config: Config
  readonly mounts: Promise<Mount[]>
  /** Hash of the extra mounts; null: the caller does not care which a container found under the name has. */
  readonly extras: string | null
  readonly say: (step: string, text: string) => void
  readonly signal: AbortSignal
}

interface Planned extends Omit<Start, 'mounts'> {
  readonly mounts: Mount[]
}

async function startLocked(core: Core, entry: Entry, start: Start): Promise<Born> {
  const { say, signal } = start
  for (let tries = 1; ; tries += 1) {
    const image = core.image.look()
    const lock = await core.deps.lock(entry.id, signal)
    try {
      const [mounts] = await Promise.all([start.mounts, image])
      const both = AbortSignal.any([signal, lock.broken])
      say('create', 'Starting the sandbox')
      const born = await createOrFind(core, entry, { ...start, mounts }, both)
      // Another process can no longer make a second one: the engine holds the name.
      await lock.release()
      say('ready', 'Waiting until it answers')
      await proveReady(core, born.found, signal)
      return born
    } catch (error) {
      // A lost lock (a suspend, a slow disk) is no failure of the caller's: taken again.
      if (!lock.broken.aborted || signal.aborted || tries >= 3) throw error
    } finally {
      await lock.release()
    }
  }
}

async function createOrFind(core: Core, entry: Entry, start: Planned, signal: AbortSignal): Promise<Born> {
  const { deps } = core
  /** Noted before the engine is asked, so that a failure at any point knows what there may be to remove. */
  const note = (nonce: string | null, sandbox: Found | null) => {
    const now = core.table.get(entry.id)
    if (now?.state === 'creating') core.table.set(making(now, nonce, sandbox))
  }
  for (let tries = 1; ; tries += 1) {
    if (signal.aborted) throw abortError(signal)
    const spec = specOf(core, entry, start)
    note(spec.nonce, null)
    try {
      const found = await deps.backend.create(spec, signal)
      note(spec.nonce, found)
      return { found, path: 'cold' }
    } catch (error) {
      if (asBerthError(error).code !== 'NAME_TAKEN' || tries >= 3) throw error
    }
    // The name is taken: by what an earlier life of ours left, or by a stranger. The engine knows.
    const found = await deps.backend.inspect(entry.name)
    if (found === null) continue
    const refusal = await refuse(core, entry, found)
    if (refusal) {
      note(null, null)
      throw refusal
    }
    note(null, found)
    if (found.state === 'running' && !found.leftover && !outdated(core, found, start.extras)) return { found, path: 'found' }
    await deps.backend.remove(found.ref, 0)
  }
}

/** Why a container that has our name must not be handed out, or null. */
async function refuse(core: Core, entry: Entry, found: Found): Promise<BerthError | null> {
  const details = { name: found.name, container: found.ref }
  if (found.owner !== 'ours') {
    const whose = found.owner === 'stranger' ? 'a container that is not of Berth' : 'another installation or home of Berth'
    return fail('NAME_TAKEN', `The name ${found.name} is taken by ${whose}`, {
      next: `Remove or rename that container, or set another sandbox.container_prefix.`,
      details,
    })
  }
  if (found.leftover) return null
  const mounted = found.mounts.find((mount) => mount.target === userData)?.source ?? null
  const sameKey = found.id === entry.id && found.user === entry.user && found.thread === entry.thread
  if (sameKey && found.nonce !== null && mounted === (await core.deps.userDataOf(entry))) return null
  return fail('IDENTITY_CONFLICT', `The container ${found.name} belongs to another thread or to other directories`, {
    next: `Look at it with \`docker inspect ${found.name}\` and remove it if it is not needed.`,
    details,
  })
}

function specOf(core: Core, entry: Entry, { config, mounts, extras }: Planned): SandboxSpec {
  const nonce = core.deps.randomId() + core.deps.randomId()
  return {
    id: entry.id,
    user: entry.user,
    thread: entry.thread,
    name: entry.name,
    image: config.image,
    key: core.deps.keyOf(nonce) ?? '',
    nonce,
    mounts,
    environment: config.environment,
    resources: config.resources,
    runsAs: config.user,
    port: config.port,
    configHash: hashWith(core, extras ?? ''),
  }
}

/** Ready, or an error with the container's last lines. Removes nothing: whose it is decides. */
export async function proveReady(core: Core, found: Found, signal: AbortSignal): Promise<void> {
  const { deps } = core
  try {
    const client = core.clients.of(found)
    if (core.clients.hasEnded(found.ref)) throw fail('SANDBOX_LOST', 'It ended', { next: 'See its last lines.' })
    await deps.ready(client.api, {
      signal: AbortSignal.any([signal, client.lost]),
      timeoutMs: deps.config().ready_timeout * 1000,
    })
  } catch (error) {
    if (signal.aborted) throw abortError(signal)
    const ended = core.clients.hasEnded(found.ref) || (await hasExited(core, found))
    const lines = await lastLines(core, found)
    throw ended ? startFailed(found, lines, error) : notReady(error, lines)
  }
}

async function hasExited(core: Core, found: Found): Promise<boolean> {
  const now = await inspectSandbox(core, found).catch(() => undefined) // cannot tell: then it is merely not ready
  return now === null || (now !== undefined && (now.ref !== found.ref || now.state === 'exited'))
}

function startFailed(found: Found, lines: string[], cause: unknown): BerthError {
  const said = lines.length > 0 ? `; its last line was: ${lines.at(-1)}` : ' and wrote nothing'
  return fail('START_FAILED', `The sandbox ended while starting${said}`, {
    next: `Check the image${found.image === null ? '' : ` ${found.image}`} and its entrypoint; \`details.log\` has its last lines.`,
    details: { log: lines },
    cause,
  })
}

function notReady(error: unknown, lines: string[]): BerthError {
  const problem = asBerthError(error)
  return fail(problem.code === 'SANDBOX_REFUSED' || problem.code === 'IMAGE_UNUSABLE' ? problem.code : 'NOT_READY', problem.message, {
    next: problem.next,
    details: { ...problem.details, log: lines },
    cause: problem,
  })
}

/** The last 20 lines of a container's log. It is help for a person beside the real error, so its own failure only empties it. */
async function lastLines(core: Core, found: Found): Promise<string[]> {
  const lines: string[] = []
  const stop = new AbortController()
  const timer = core.deps.clock.timer(2000, () => stop.abort())
  try {
    for await (const { text } of core.deps.backend.logs(found.ref, { tail: 20, follow: false, signal: stop.signal })) lines.push(text)
  } catch (error) {
    lines.push(`(its log could not be read: ${asBerthError(error).message})`)
  } finally {
    timer.cancel()
  }
  return lines
}
