import { randomBytes } from 'node:crypto'
import type { CallInput, CallResult } from '../../../shared/contract.ts'
import { fail } from '../../../shared/errors.ts'
import { shownName } from '../../../shared/identity.ts'
import type { CallOptions } from '../client/client.ts'
import type { EngineCalls } from './lazy-calls.ts'

/** What a client's calls have in common, and so what a model may be told to rely on. */
export interface Manner {
  /** The calls have a thread by themselves: the session's, or one that the client's configuration names. */
  readonly ownThread: boolean
  /** What is held is given back when the session ends. */
  readonly endsHolds: boolean
  /** How every thread's name must begin, by the token's bounds; '' where any will do. */
  readonly prefix: string
}

/** One client's session: which thread it works under, what it holds. */
export interface McpSession {
  readonly user: string
  /** What its calls have in common: the words for the model follow it. */
  readonly manner: Manner
  /** Aborted at its end; the reason is a BerthError. */
  readonly ended: AbortSignal
  readonly calls: EngineCalls
  /** The thread that a call is about. BAD_INPUT where neither the call nor the session names one. */
  threadOf(named: string | undefined): string
  /** The thread for an acquire: where the session has none, a new one. */
  threadToAcquire(named: string | undefined): string
  /** Which program the client says it is; people then see its conversations by that name. */
  calledBy(program: string | undefined): void
  /** Holds the thread's sandbox for this session, until it is released or the session ends. */
  acquire(
    input: Omit<CallInput<'acquire'>, 'holder' | 'user' | 'program'> & { thread: string },
    options: CallOptions<'acquire'>,
  ): Promise<CallResult<'acquire'>>
  release(selection: { id?: string | undefined; thread?: string | undefined }, options: CallOptions<'release'>): Promise<CallResult<'release'>>
  /** A tool call under way: the session's end waits, for a moment, until it has been answered. */
  during<T>(call: Promise<T>): Promise<T>
  /** Releases everything now, but goes on: the next call holds again. */
  letGo(): Promise<void>
  /** Ends what is under way and releases everything. Idempotent. */
  close(): Promise<void>
}

export interface SessionOptions {
  readonly calls: EngineCalls
  readonly user?: string | undefined
  /** Given by whoever configured the client; otherwise the session has one of its own. */
  readonly thread?: string | undefined
  /** Put before a thread that is made up, for tokens that may use such threads only. */
  readonly prefix?: string | undefined
  /** The client's requests have nothing in common but their token: its threads must be named, and its holds outlive them. */
  readonly stateless?: { readonly holder: string } | undefined
  /** A hold that could not be given back: it ends by itself, later. */
  readonly problem: (text: string, cause: unknown) => void
}

/** Longest that the end of a session waits for its calls, which have been told, to come to an end. */
const endingMs = 3000
/** Longest that it waits for one hold to be given back. */
const releaseMs = 10_000

export function openSession(options: SessionOptions): McpSession {
  const { calls, user = 'default', stateless } = options
  const name = randomBytes(6).toString('hex')
  const holder = stateless?.holder ?? `mcp:${name}`
  const own = options.thread ?? (stateless ? null : madeThread(options.prefix, name))
  const ending = new AbortController()
  /** Threads held, by their ids once those are known. */
  const held = new Map<string, string | null>()
  const acquires = new Set<Promise<unknown>>()
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | null = null
  let program: string | undefined

  async function releaseAll(): Promise<void> {
    // An acquire that is being given up may still land.
    await Promise.allSettled(acquires)
    const threads = [...held.keys()]
    held.clear()
    await Promise.all(
      threads.map((thread) =>
        calls
          .call('release', { thread, user, holder }, { signal: AbortSignal.timeout(releaseMs) })
          .catch((error: unknown) => options.problem(`The hold ${holder} on thread ${thread} could not be given back; it ends when it is idle`, error)),
      ),
    )
  }

  return {
    user,
    calls,
    manner: { ownThread: own !== null, endsHolds: !stateless, prefix: options.prefix ?? '' },
    ended: ending.signal,
    threadOf(named) {
      const thread = named ?? own
      if (thread !== null) return thread
      throw fail('BAD_INPUT', 'This connection has no session that could remember a thread, so each call must name it', {
        next: `Choose a name for what you work on, like \`${options.prefix ?? ''}fix-login\`, and give it as \`thread\` in this and every later call. sandbox_acquire makes one up.`,
      })
    },
    threadToAcquire: (named) => named ?? own ?? madeThread(options.prefix, name),
    calledBy(said) {
      // Without a session all of a token's programs are one holder, so that none may give it its name.
      if (stateless || said === undefined || program !== undefined) return
      const name = shownName.safeParse(said.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, 40))
      if (name.success) program = name.data
    },
    async acquire(input, callOptions) {
      if (ending.signal.aborted) throw ending.signal.reason
      if (!stateless && !held.has(input.thread)) held.set(input.thread, null)
      const work = calls.call('acquire', { ...input, user, holder, program }, callOptions)
      acquires.add(work)
      try {
        const got = await work
        if (!stateless) held.set(input.thread, got.id)
        return got
      } catch (error) {
        // Given up, it may have landed all the same: then the end of the session gives it back.
        if (held.get(input.thread) === null && !callOptions.signal?.aborted) held.delete(input.thread)
        throw error
      } finally {
        acquires.delete(work)
      }
    },
    async release(selection, callOptions) {
      const done = await calls.call('release', { ...selection, user, holder }, callOptions)
      for (const [thread, id] of held) if (thread === selection.thread || id === selection.id) held.delete(thread)
      return done
    },
    async during(call) {
      running.add(call)
      try {
        return await call
      } finally {
        running.delete(call)
      }
    },
    letGo: releaseAll,
    close() {
      closing ??= (async () => {
        ending.abort(fail('CANCELLED', 'The session has ended', { next: 'Connect again.' }))
        const { promise: late, resolve } = Promise.withResolvers<void>()
        const timer = setTimeout(resolve, endingMs)
        await Promise.race([Promise.allSettled(running), late])
        clearTimeout(timer)
        await releaseAll()
      })()
      return closing
    },
  }
}

/** A long prefix leaves little room; the random part is what matters. */
function madeThread(prefix: string | undefined, name: string): string {
  const begin = prefix ?? ''
  return (begin.length + 4 + name.length > 64 ? `${begin}${name}` : `${begin}mcp-${name}`).slice(0, 64)
}
