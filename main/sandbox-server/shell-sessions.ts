import { randomUUID } from 'node:crypto'
import { RequestError, sessionNotFound } from './reply.ts'
import { ShellSession } from './shell-session.ts'
import type { ShellOptions } from './shell-session.ts'

/** Milliseconds without use after which a session goes, if nothing runs in it, in the background either. */
export const keepSession = 4 * 3600_000
const keepAuto = 5 * 60_000
/** Seconds without new output after which a call returns; a session's own where it sets one. */
const noChange = 120

export interface ShellSessions {
  readonly max: number
  /** The existing one where there is one of this id. */
  create(id: string | undefined, options: { workingDir: string | null; noChangeTimeout?: number | undefined }): ShellSession
  get(id: string): ShellSession
  /** The shared session if nothing runs in it, otherwise a new one: calls without an id never wait for each other. */
  free(): ShellSession
  list(): ShellSession[]
  remove(id: string): void
  running(): number
  closeAll(): void
  killAll(): void
}

export function shellSessions(options: ShellOptions & { max: number; others: () => number }): ShellSessions {
  const sessions = new Map<string, ShellSession>()
  let shared: string | null = null

  const sweep = (): void => {
    const now = performance.now()
    for (const each of sessions.values()) {
      const old = now - each.lastUsed > (each.auto ? keepAuto : keepSession)
      if (old && !each.busy && !each.hasProcesses()) drop(each)
    }
  }
  const timer = setInterval(sweep, 30_000)
  timer.unref()

  const drop = (session: ShellSession): void => {
    sessions.delete(session.id)
    session.close()
  }

  const makeRoom = (): void => {
    if (sessions.size + options.others() < options.max) return
    const idle = [...sessions.values()].filter((each) => !each.busy).toSorted((a, b) => Number(b.auto) - Number(a.auto) || a.lastUsed - b.lastUsed)
    // One with a server running in the background is only given up when there is no other.
    const victim = idle.find((each) => !each.hasProcesses()) ?? idle[0]
    if (!victim) {
      throw new RequestError(
        400,
        `Cannot create shell session: session limit reached and all ${sessions.size + options.others()} existing sessions have active commands`,
      )
    }
    drop(victim)
  }

  const add = (id: string, workingDir: string | null, noChangeTimeout: number, auto: boolean): ShellSession => {
    makeRoom()
    const session = new ShellSession(id, { ...options, workingDir, noChangeTimeout, auto })
    sessions.set(id, session)
    return session
  }

  return {
    max: options.max,
    create: (id, { workingDir, noChangeTimeout }) => {
      const existing = id === undefined ? undefined : sessions.get(id)
      return existing ?? add(id ?? randomUUID(), workingDir, noChangeTimeout ?? noChange, false)
    },
    get: (id) => {
      const session = sessions.get(id)
      if (!session) throw sessionNotFound()
      return session
    },
    free: () => {
      const existing = shared === null ? undefined : sessions.get(shared)
      if (existing) return existing.busy ? add(randomUUID(), null, noChange, true) : existing
      const session = add(randomUUID(), null, noChange, false)
      shared = session.id
      return session
    },
    list: () => [...sessions.values()],
    remove: (id) => {
      const session = sessions.get(id)
      if (!session) throw sessionNotFound()
      drop(session)
    },
    running: () => [...sessions.values()].filter((each) => each.current !== null).length,
    closeAll: () => {
      clearInterval(timer)
      for (const each of sessions.values()) each.close()
    },
    killAll: () => {
      for (const each of sessions.values()) each.kill()
    },
  }
}
