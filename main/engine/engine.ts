import { setTimeout as sleep } from 'node:timers/promises'
import { asBerthError, BerthError, fail } from '../../shared/errors.ts'
import { awakeClock, type Clock, systemClock } from '../base/clock.ts'
import { clientOf } from '../doors/client/client.ts'
import type { LoginCodes } from '../house/tokens/sessions.ts'
import { type AnsweringEngine, whoAnswers } from '../doors/client/who-answers.ts'
import type { CloseOptions, Engine, EngineOptions } from './engine-api.ts'
import { fileLocks, type FileLocks, type HeldLock } from '../house/home/file-lock.ts'
import { openHome } from '../house/home/open-home.ts'
import { ensureToken } from '../house/home/token.ts'
import type { HostOptions } from './foundations.ts'
import { host } from './host.ts'
import { readBridgeFile } from '../doors/client/bridge-file.ts'

/** Starts the engine of a home, or attaches to the one that is there. */
export function startEngine(options: EngineOptions): Promise<Engine> {
  const codes: LoginCodes = new Map()
  return restarting(
    (restart) => begin(options, { restart, codes }),
    (error) => options.log('error', 'The engine could not be started again', error),
  )
}

async function begin(options: EngineOptions, across: Pick<HostOptions, 'restart' | 'codes'>): Promise<Engine> {
  const clock = awakeClock(options.clock ?? systemClock())
  try {
    const engine = await beginWith(options, { ...across, clock })
    // An attached one decides nothing by the time.
    if (engine.attached) clock.close()
    else void engine.closed.then(() => clock.close())
    return engine
  } catch (error) {
    clock.close()
    throw error
  }
}

async function beginWith(options: EngineOptions, { clock, ...across }: Pick<HostOptions, 'restart' | 'codes' | 'clock'>): Promise<Engine> {
  const home = await openHome(options.homeDir)
  for (const warning of home.warnings) options.log('warn', warning)
  const token = await ensureToken(home, (text) => options.log('warn', text))
  const locks = fileLocks(home.paths.locks, clock)
  for (let tries = 1; ; tries += 1) {
    const elected = await elect({ locks, bridgeFile: home.paths.bridge, token, home: home.path, clock })
    if (elected.role === 'guest') return attach(home.path, elected, token)
    try {
      return await host({ ...options, clock, home, token, locks, lock: elected.lock, ...across })
    } catch (error) {
      await elected.lock.release()
      // Two that both held a broken lock: the port has decided, so one of them attaches after all.
      if (asBerthError(error).code !== 'PORT_TAKEN' || tries >= 2) throw error
    }
  }
}

/** Not asked a second time: one that dies right after its answer is found dead by the first call, as at any other time. */
function attach(home: string, found: AnsweringEngine, token: string): Engine {
  const client = clientOf(found, token)
  let end: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    end = resolve
  })
  return {
    url: client.url,
    port: Number(new URL(client.url).port),
    home,
    instance: client.instance,
    attached: true,
    call: (name, input, options) => client.call(name, input, options),
    endpoint: () => client.socket(() => undefined),
    closed,
    async close() {
      client.close()
      end()
      await closed
      return []
    },
  }
}

/** Where the disk has no room for a lock: the port alone decides, and the engine that makes room again gets to start. */
const portAlone: HeldLock = { broken: new AbortController().signal, release: () => Promise.resolve() }

/** Long enough for another process's whole start, with a full disk check and a slow machine. */
const patienceMs = 60_000

export type Elected =
  /** This process is to be the home's engine, for as long as it holds the lock. */
  { readonly role: 'engine'; readonly lock: HeldLock } | ({ readonly role: 'guest' } & AnsweringEngine)

/**
 * Who is the engine of a home: whoever holds its lock and answers at the address in bridge.json. Checked by a call, not by
 * the file's existence. That two never serve one home is held by the port they would both have to open.
 */
export async function elect(deps: {
  locks: FileLocks
  bridgeFile: string
  token: string
  home: string
  clock: Clock
  signal?: AbortSignal | undefined
}): Promise<Elected> {
  const began = deps.clock.now()
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 250)) {
    const answering = await findEngine(deps)
    if (answering) return answering
    const lock = await deps.locks.tryTake('engine').catch((error: unknown) => {
      if (error instanceof BerthError && error.code === 'DISK_FULL') return portAlone
      throw error
    })
    if (lock) {
      // The one before us may have finished its start between our question and our lock.
      const late = await findEngine(deps)
      if (!late) return { role: 'engine', lock }
      await lock.release()
      return late
    }
    if (deps.clock.now() - began > patienceMs) {
      throw fail('HOME_IN_USE', 'Another Berth process has this home but does not answer', {
        next: 'Run `berth doctor`; end that process, or choose another home with BERTH_HOME.',
      })
    }
    await deps.clock.sleep(pause, deps.signal)
  }
}

/** The engine that answers for this home, or null. */
export async function findEngine({
  bridgeFile,
  token,
  home,
}: {
  bridgeFile: string
  token: string
  home: string
}): Promise<(Elected & { role: 'guest' }) | null> {
  const { value } = await readBridgeFile(bridgeFile)
  if (!value || value.pid === null) return null
  const there = await whoAnswers(value.url, { token, home })
  return there.who === 'ours' ? { role: 'guest', url: value.url, pid: value.pid, health: there.health } : null
}

/** What stands in the way of a second start (a configuration in the middle of an edit, a port just let go) may pass. Milliseconds. */
const againMs = [500, 2000, 5000]

/**
 * An engine that may start itself anew in the same process: what it works with is decided at a start. Whoever holds it keeps
 * one engine; its instance changes, its address does not. `begin` gets what asks for the next start.
 */
export async function restarting(begin: (restart: () => void) => Promise<Engine>, failed: (error: unknown) => void): Promise<Engine> {
  let end: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    end = resolve
  })
  let closing: ReturnType<Engine['close']> | null = null
  let turn: Promise<void> = Promise.resolve()
  // Set while one starts too: it may find at once that it should start anew, and says so again at its next look.
  let changing = true
  let current = await begin(restart)
  follow(current)
  changing = false

  /** Closed by a call (`shutdown`), and not for the sake of the next one: that is the end of it. */
  function follow(engine: Engine): void {
    void engine.closed.then(() => {
      if (engine === current && !changing) end()
    })
  }

  async function next(): Promise<Engine> {
    for (const ms of againMs) {
      try {
        return await begin(restart)
      } catch (error) {
        if (closing) throw error
        failed(error)
        await sleep(ms)
      }
    }
    return await begin(restart)
  }

  function restart(): void {
    if (changing || closing) return
    changing = true
    turn = (async () => {
      try {
        await current.close()
        if (closing) return
        current = await next()
        changing = false
        follow(current)
      } catch (error) {
        failed(error)
        end()
      }
    })()
  }

  async function close(how?: CloseOptions): ReturnType<Engine['close']> {
    await turn
    const left = await current.close(how)
    end()
    return left
  }

  return {
    get url() {
      return current.url
    },
    get port() {
      return current.port
    },
    get home() {
      return current.home
    },
    get instance() {
      return current.instance
    },
    get attached() {
      return current.attached
    },
    async call(name, input, options) {
      await turn
      return await current.call(name, input, options)
    },
    async endpoint(who) {
      await turn
      return await current.endpoint(who)
    },
    closed,
    close: (how) => (closing ??= close(how)),
  }
}
