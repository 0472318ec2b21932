import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { type Log, logTail } from '../base/log.ts'
import { sweepTemps } from '../base/write-atomic.ts'
import { loadConfig, type LoadedConfig } from '../house/config/load-config.ts'
import { redact } from '../house/config/settle.ts'
import { type Events, openEvents } from '../house/events/events.ts'
import { type FileLocks, type HeldLock, keepLock } from '../house/home/file-lock.ts'
import type { Home } from '../house/home/open-home.ts'
import type { LoginCodes } from '../house/tokens/sessions.ts'
import { openTokens, type Tokens } from '../house/tokens/tokens.ts'
import type { EngineOptions } from './engine-api.ts'

export interface HostOptions extends EngineOptions {
  readonly clock: Clock
  readonly home: Home
  readonly token: string
  readonly locks: FileLocks
  /** The home's lock, held; released at close. */
  readonly lock: HeldLock
  /** Asks whoever holds the engine to close it and start the next. */
  readonly restart: () => void
  readonly codes: LoginCodes
}

/** What everything else of an engine stands on: what lies in its home, and its log. */
export interface Foundations {
  /** New at every start of the engine. */
  readonly instance: string
  readonly startedAt: string
  /** As it was at the start; the pool has the one in force. */
  readonly loaded: LoadedConfig
  readonly log: Log
  /** The last lines of it. */
  readonly logLines: () => readonly string[]
  readonly events: Events
  readonly tokens: Tokens
}

/** The lock is kept from here on; what is opened is closed by `stack`. */
export async function layFoundations(options: HostOptions, stack: AsyncDisposableStack): Promise<Foundations> {
  const { clock, home, token, env } = options
  const instance = randomBytes(8).toString('hex')
  const loaded = await loadConfig({ file: options.configFile, env, home: home.path })
  const tail = logTail(
    (level, text, cause) => options.log(level, redact(text, [...loaded.secrets, token]), cause),
    () => clock.wall(),
  )
  const { log } = tail
  for (const warning of loaded.warnings) log('warn', warning)
  const lock = keepLock(options.locks, 'engine', options.lock, {
    clock,
    problem: (error) => log('warn', 'The lock of the home was lost, and another process has it; the port is still held here', error),
  })
  stack.defer(() => lock.release())
  await sweepTemps(home.path, ['installation', 'token', 'tokens.json', 'bridge.json', 'backend'])
  await sweepTemps(home.paths.generations)
  const events = openEvents({ clock, instance, file: home.paths.events, log })
  stack.defer(() => events.close())
  const tokens = await openTokens({ file: home.paths.tokens, master: token, clock, publish: events.publish })
  stack.defer(() => tokens.close())
  return { instance, startedAt: new Date(clock.wall()).toISOString(), loaded, log, logLines: tail.lines, events, tokens }
}
