import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import lockfile from 'proper-lockfile'
import { z } from 'zod'
import { onAbort } from '../../../shared/abort.ts'
import { BerthError, fail } from '../../../shared/errors.ts'
import type { Clock } from '../../base/clock.ts'
import { errno, fullNext, isFull } from '../../base/write-atomic.ts'

export interface HeldLock {
  /** Aborts when the lock was lost: stop before the next effect and take it again. */
  readonly broken: AbortSignal
  /** Twice is fine. */
  release(): Promise<void>
}

export interface FileLocks {
  /** Waits its turn. A lock whose owner is dead is broken at once; a live owner is waited for, up to `waitMs`. */
  take(name: string, options: { signal?: AbortSignal | undefined; waitMs: number }): Promise<HeldLock>
  /** One try: null where a live process has it, or frees it from a dead one just now. Also on a full disk, where nothing is to be started but the engine. */
  tryTake(name: string): Promise<HeldLock | null>
  /** Frees what dead owners left, by waiting for each lock in turn: some are of names that nobody will ever take again. */
  sweep(signal: AbortSignal): Promise<void>
}

/** A lock of which nobody knows whether its owner lives goes stale after this, by the wall clock. */
const staleMs = 10_000

/** `dir`: of its lock; in a copy of a home, or by another way into it, it is another one. */
const owner = z.object({ pid: z.number(), stamp: z.string().nullable(), dir: z.string().optional() })

/**
 * Locks across processes, one directory each, by proper-lockfile. They are a convenience: what must not happen twice is
 * excluded by the engine's unique names and by O_EXCL files, since a lock can be lost.
 */
export function fileLocks(dir: string, clock: Clock): FileLocks {
  const path = (name: string) => join(dir, name)
  /** By name; the last hold, where one was lost before. */
  const mine = new Map<string, HeldLock>()
  /** Our own never changes. */
  let stamp: Promise<string | null> | null = null

  async function ownText(): Promise<string> {
    stamp ??= processStamp(process.pid)
    return JSON.stringify({ pid: process.pid, stamp: await stamp, dir })
  }

  async function attempt(name: string, { evenIfFull }: { evenIfFull: boolean }): Promise<HeldLock | null> {
    const broken = new AbortController()
    const own = await ownText()
    let unlock: () => void
    const lock = () =>
      lockfile.lockSync(path(name), {
        realpath: false,
        // Judged here: by its time alone the lock of a process that was stopped for a while would be anybody's.
        stale: Infinity,
        update: 2_000,
        retries: 0,
        onCompromised: (error) => broken.abort(error),
      })
    try {
      unlock = lockIn(lock)
    } catch (error) {
      if (errno(error) !== 'ELOCKED') throw unusable(name, error)
      return null
    }
    try {
      writeFileSync(`${path(name)}.owner`, own, { mode: 0o600 })
    } catch (error) {
      tryTo(() => rmSync(`${path(name)}.owner`, { force: true }))
      // Held without saying by whom: then it is its time that tells others that its owner lives.
      if (!(evenIfFull && isFull(error))) {
        tryTo(unlock)
        throw unusable(name, error)
      }
    }
    let released = false
    const held: HeldLock = {
      broken: broken.signal,
      async release() {
        if (released) return
        released = true
        const last = mine.get(name) === held
        if (last) mine.delete(name)
        try {
          // Of one that was lost only its name is still ours: without it, whatever is there grows old.
          if (broken.signal.aborted) return void (last && removeIf(`${path(name)}.owner`, own))
          rmSync(`${path(name)}.owner`, { force: true })
        } catch (error) {
          broken.abort(error)
        }
        try {
          unlock()
        } catch (error) {
          // A disk that nothing can be taken from, or it was lost this very moment. Either way there is no more to be done for it.
          broken.abort(error)
        }
      },
    }
    mine.set(name, held)
    return held
  }

  function lockIn(lock: () => () => void): () => void {
    try {
      return lock()
    } catch (error) {
      if (errno(error) !== 'ENOENT') throw error
      mkdirSync(dir, { recursive: true, mode: 0o700 })
      return lock()
    }
  }

  /** Whether nobody has `file` any more: its owner is dead; or, where nothing says who that is or whether it is still they, it was not touched for long. */
  async function isDead(file: string, text: string | null): Promise<boolean> {
    const { data } = owner.safeParse(json(text ?? ''))
    if (data !== undefined) {
      if (!(await isRunning(data.pid, data.stamp))) return true
      // Stopped or not, it lives, is no other one with its number, and means this lock.
      if (data.stamp !== null && data.dir === dir) return false
    }
    return await isOld(file)
  }

  async function isOld(file: string): Promise<boolean> {
    const touched = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => null,
    ) // gone meanwhile
    return touched !== null && clock.wall() - touched > staleMs
  }

  async function judge(name: string): Promise<{ identity: string | null; text: string | null; dead: boolean }> {
    const identity = identityNow(name)
    const text = await readFile(`${path(name)}.owner`, 'utf8').catch(() => null) // not written yet, or by a process that died there
    // One from before the lock is of somebody who left no lock behind: whoever has it now is about to write theirs.
    const current = orUnusable(name, () => isFromBefore(`${path(name)}.owner`, `${path(name)}.lock`)) ? null : text
    return { identity, text: current, dead: await isDead(`${path(name)}.lock`, current) }
  }

  /**
   * Moves a dead owner's lock aside. Several may find it dead, and whoever of them is quick has taken it anew before another
   * moves it: so one at a time moves, and judges anew when it is its turn. Where nobody could be kept out (a full disk, one that
   * was stopped in its turn) it is still looked at again at the last moment and once it is moved, or it is put back.
   */
  async function breakDead(name: string): Promise<boolean> {
    const found = await judge(name)
    if (!found.dead) return found.identity === null
    const leave = await turnToBreak(name)
    if (!leave) return false
    try {
      const { identity, text, dead } = await judge(name)
      if (!dead || identity === null || identityNow(name) !== identity) return true
      const [lock, file, aside] = [`${path(name)}.lock`, `${path(name)}.owner`, `${path(name)}.broken-${randomBytes(6).toString('hex')}`]
      // First, so that nobody who takes the lock stands under a dead one's name. Without one it lives as long as it is touched.
      if (text !== null && !removeIf(file, text)) return true
      renameSync(lock, aside)
      if (identityOf(aside) !== identity && putBack(aside, lock)) return true
      await rm(aside, { recursive: true, force: true })
    } catch (error) {
      if (errno(error) !== 'ENOENT') throw unusable(name, error) // ENOENT: another finder was faster
    } finally {
      leave()
    }
    return true
  }

  /** The right to move this lock, and what gives it back; null while another has it, or had it. A turn lasts milliseconds: a dead one's, and an old one, ends here. */
  async function turnToBreak(name: string): Promise<(() => void) | null> {
    const file = `${path(name)}.breaking`
    const turn = `${await ownText()}\n${randomBytes(6).toString('hex')}`
    try {
      writeFileSync(file, turn, { mode: 0o600, flag: 'wx' })
      // What stays grows old, and whoever finds it then ends it.
      return () => tryTo(() => removeIf(file, turn))
    } catch (error) {
      if (errno(error) === 'EEXIST') {
        await endTurn(name)
        return null
      }
      if (!isFull(error)) throw unusable(name, error)
      // The name may have found room where its content did not.
      tryTo(() => removeIf(file, ''))
      return () => undefined
    }
  }

  async function endTurn(name: string): Promise<void> {
    const file = `${path(name)}.breaking`
    const text = await readFile(file, 'utf8').catch(() => null) // over meanwhile
    if (text === null || !((await isDead(file, text.split('\n', 1)[0] ?? '')) || (await isOld(file)))) return
    orUnusable(name, () => removeIf(file, text))
  }

  const identityNow = (name: string) => orUnusable(name, () => identityOf(`${path(name)}.lock`))

  function orUnusable<T>(name: string, look: () => T): T {
    try {
      return look()
    } catch (error) {
      throw unusable(name, error)
    }
  }

  async function take(name: string, { signal, waitMs }: { signal?: AbortSignal | undefined; waitMs: number }): Promise<HeldLock> {
    const began = clock.now()
    let atOnce = false
    for (let pause = 10; ; pause = Math.min(pause * 2, 250)) {
      signal?.throwIfAborted()
      const held = await attempt(name, { evenIfFull: false })
      if (held) return held
      const freed = await breakDead(name)
      // Not twice without a pause: what cannot be had may still not look taken.
      atOnce = freed && !atOnce
      if (atOnce) continue
      if (clock.now() - began > waitMs) {
        throw fail('LOCK_TIMEOUT', `Another process has held the lock of ${name} for ${Math.round(waitMs / 1000)} s`, {
          next: 'See which Berth processes run (`berth doctor`), and try again.',
          details: { lock: `${path(name)}.lock` },
        })
      }
      await clock.sleep(pause, signal)
    }
  }

  return {
    async tryTake(name) {
      const once = () => attempt(name, { evenIfFull: true })
      return (await once()) ?? ((await breakDead(name)) ? await once() : null)
    },
    take,
    async sweep(signal) {
      const names = new Set<string>()
      for (const entry of await readdir(dir)) {
        if (/\.broken-[a-f0-9]{12}$/.test(entry)) await rm(join(dir, entry), { recursive: true, force: true })
        else if (entry.endsWith('.breaking')) await endTurn(entry.slice(0, -'.breaking'.length))
        else names.add(/^(.+)\.(?:lock|owner)$/.exec(entry)?.[1] ?? '')
      }
      for (const name of names) {
        if (name === '' || mine.has(name)) continue
        try {
          await (await take(name, { signal, waitMs: staleMs + 2_000 })).release()
        } catch (error) {
          if (signal.aborted) return
          // A live process has it: then it is nobody's to free.
          if (!(error instanceof BerthError) || error.code !== 'LOCK_TIMEOUT') throw error
        }
      }
    },
  }
}

/** Tidies up after what failed already, which is what its caller tells. */
function tryTo(run: () => unknown): void {
  try {
    run()
  } catch {
    // On a disk that takes nothing nothing can be taken away either.
  }
}

/** Whether it was there with just this content. Nobody else runs between the look and the removal but other processes. */
function removeIf(file: string, content: string): boolean {
  try {
    if (readFileSync(file, 'utf8') !== content) return false
    rmSync(file)
    return true
  } catch (error) {
    if (errno(error) === 'ENOENT') return false
    throw error
  }
}

/** Where a file system does not say when something was made, nothing is from before. */
function isFromBefore(file: string, made: string): boolean {
  const [written, lock] = [file, made].map((one) => statSync(one, { bigint: true, throwIfNoEntry: false }))
  return written !== undefined && lock !== undefined && written.mtimeNs < lock.birthtimeNs
}

/** false: there is another one by now. Whose it was learns from its next touch that it has none, if that is of another second. */
function putBack(aside: string, lock: string): boolean {
  if (identityOf(lock) !== null) return false
  renameSync(aside, lock)
  return true
}

/** Tells a lock from one that was made later under its name, whose inode may be the same; null: there is none. */
function identityOf(lock: string): string | null {
  const facts = statSync(lock, { bigint: true, throwIfNoEntry: false })
  return facts === undefined ? null : `${facts.ino}:${facts.birthtimeNs}:${facts.mtimeNs}`
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // half written by a process that died there: no owner, so it goes stale by itself
  }
}

function unusable(name: string, cause: unknown): Error {
  if (cause instanceof BerthError) return cause
  if (isFull(cause)) {
    return fail('DISK_FULL', `The disk of Berth's home is full: the lock of ${name} cannot be written`, { next: fullNext, cause })
  }
  return fail('HOME_UNUSABLE', `The lock of ${name} cannot be written in Berth's home`, {
    next: 'Check the permissions of the home; `berth doctor` names them.',
    cause,
  })
}

/** Where somebody else has it: asked again after this. Milliseconds. */
const againMs = 5000

/** A lock for as long as a process works: lost, say because somebody tidied the directory, it is taken again. `problem`: another one has it by now. */
export function keepLock(
  locks: FileLocks,
  name: string,
  first: HeldLock,
  { clock, problem }: { clock: Clock; problem: (error: unknown) => void },
): { release(): Promise<void> } {
  const over = new AbortController()
  let held = first
  follow()

  function follow(): void {
    onAbort(held.broken, () => void again())
  }

  async function again(): Promise<void> {
    for (let tries = 0; !over.signal.aborted; tries += 1) {
      try {
        const next = await locks.tryTake(name)
        if (next !== null) {
          held = next
          if (over.signal.aborted) await held.release()
          else follow()
          return
        }
        if (tries === 0) problem(held.broken.reason)
      } catch (error) {
        if (tries === 0) problem(error)
      }
      await clock.sleep(againMs, over.signal).catch(() => undefined) // it was released
    }
  }

  return {
    async release() {
      over.abort()
      await held.release()
    },
  }
}

/** Start time of a process in clock ticks (field 22 of /proc/<pid>/stat), so that a reused pid is told apart; null elsewhere. */
export async function processStamp(pid: number): Promise<string | null> {
  return (await statOf(pid))?.started ?? null
}

/** Null: no such process, or no /proc, so that signal 0 has to be asked. `ended`: it is only there for its parent to hear of its end, which some never do. */
async function statOf(pid: number): Promise<{ started: string | null; ended: boolean } | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The command in field 2 may hold spaces and parentheses: count from its last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { started: fields[19] ?? null, ended: fields[0] === 'Z' || fields[0] === 'X' }
  } catch {
    return null
  }
}

/** Whether this very process still runs. Where it cannot be told, it is taken to. */
export async function isRunning(pid: number, stamp: string | null): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return errno(error) !== 'ESRCH'
  }
  const now = await statOf(pid)
  if (now?.ended) return false
  return stamp === null || now === null || now.started === null || now.started === stamp
}
