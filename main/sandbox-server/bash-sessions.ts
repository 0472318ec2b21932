import { randomUUID } from 'node:crypto'
import { BashCommand } from './bash-command.ts'
import type { BashStart } from './bash-command.ts'
import type { Pipes } from './pipes.ts'
import { RequestError, sessionNotFound } from './reply.ts'

/** Milliseconds that a finished command's output can be fetched, and that a session lives after its last use. */
const keepOutput = 5 * 60_000
const keepSession = 60 * 60_000
/** Bytes of finished output in memory, all sessions together; the oldest goes first. */
const finishedLimit = 4 * 1024 * 1024

export interface BashSession {
  readonly id: string
  /** Null: in the workspace, wherever that is when a command comes. */
  readonly workingDir: string | null
  /** Epoch milliseconds. */
  readonly createdAt: number
  lastUsedAt: number
  /** Monotonic. */
  lastUsed: number
  readonly commands: BashCommand[]
  count: number
}

export interface BashSessions {
  create(id: string | undefined, workingDir: string | null): BashSession
  get(id: string): BashSession
  list(): BashSession[]
  run(session: BashSession, start: Omit<BashStart, 'id'>): Promise<BashCommand>
  /** Kills what runs in it and forgets it. */
  close(id: string): void
  running(): number
  closeAll(): void
  killAll(): void
}

export function bashSessions(options: { max: number; pipes: Pipes; onEnd: () => void }): BashSessions {
  const sessions = new Map<string, BashSession>()

  const sweep = (): void => {
    const now = performance.now()
    for (const session of sessions.values()) {
      const old = session.commands.filter((each) => each.endedAt !== null && now - each.endedAt > keepOutput)
      for (const each of old) session.commands.splice(session.commands.indexOf(each), 1)
      if (now - session.lastUsed > keepSession && !busy(session)) sessions.delete(session.id)
    }
  }
  const timer = setInterval(sweep, 30_000)
  timer.unref()

  const trim = (): void => {
    const finished = [...sessions.values()].flatMap((each) => each.commands).filter((each) => !each.running && each.held > 0)
    finished.sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))
    let held = finished.reduce((sum, each) => sum + each.held, 0)
    // The newest stays whatever its size: its caller has not fetched it yet.
    for (const each of finished.slice(0, -1)) {
      if (held <= finishedLimit) return
      held -= each.held
      each.forget()
    }
  }

  const makeRoom = (): void => {
    if (sessions.size < options.max) return
    const idle = [...sessions.values()].filter((each) => !busy(each)).toSorted((a, b) => a.lastUsed - b.lastUsed)[0]
    if (!idle) {
      throw new RequestError(400, `Cannot create bash session: session limit reached and all ${sessions.size} existing sessions have active commands`)
    }
    sessions.delete(idle.id)
  }

  return {
    create: (id, workingDir) => {
      const existing = id === undefined ? undefined : sessions.get(id)
      if (existing) return existing
      makeRoom()
      const now = Date.now()
      const session: BashSession = {
        id: id ?? randomUUID(),
        workingDir,
        createdAt: now,
        lastUsedAt: now,
        lastUsed: performance.now(),
        commands: [],
        count: 0,
      }
      sessions.set(session.id, session)
      return session
    },
    get: (id) => {
      const session = sessions.get(id)
      if (!session) throw sessionNotFound()
      return session
    },
    list: () => [...sessions.values()],
    run: async (session, start) => {
      touch(session)
      const command = await BashCommand.start({ ...start, id: randomUUID() }, options.pipes)
      session.commands.push(command)
      session.count += 1
      void command.ended.then(() => {
        touch(session)
        trim()
        options.onEnd()
      })
      return command
    },
    close: (id) => {
      const session = sessions.get(id)
      if (!session) throw sessionNotFound()
      sessions.delete(id)
      for (const each of session.commands) each.kill('SIGTERM')
    },
    running: () => [...sessions.values()].reduce((sum, each) => sum + each.commands.filter((command) => command.running).length, 0),
    closeAll: () => {
      clearInterval(timer)
      for (const session of sessions.values()) for (const each of session.commands) each.kill('SIGTERM')
    },
    killAll: () => {
      for (const session of sessions.values()) for (const each of session.commands) each.kill('SIGKILL')
    },
  }
}

export function busy(session: BashSession): boolean {
  return session.commands.some((each) => each.running)
}

export function touch(session: BashSession): void {
  session.lastUsedAt = Date.now()
  session.lastUsed = performance.now()
}
