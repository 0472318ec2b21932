import { asBerthError } from '../shared/errors.ts'
import { awakeClock } from './awake-clock.ts'
import { clientOf } from './bridge/client.ts'
import type { LoginCodes } from './bridge/ui/sessions.ts'
import type { AnsweringEngine } from './bridge/who-answers.ts'
import { systemClock } from './clock.ts'
import { elect } from './election.ts'
import type { Engine, EngineOptions } from './engine-api.ts'
import { fileLocks } from './home/file-lock.ts'
import { openHome } from './home/open-home.ts'
import { ensureToken } from './home/token.ts'
import { host, type HostOptions } from './host.ts'
import { restarting } from './restarting.ts'

/** Starts the engine of a home, or attaches to the one that is there. */
export function startEngine(options: EngineOptions): Promise<Engine> {
  const codes: LoginCodes = new Map()
  return restarting((restart) => begin(options, { restart, codes }), (error) => options.log('error', 'The engine could not be started again', error))
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
