import { existsSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'

/** How one sandbox server is set up; read from the environment by `settings`. */
export interface Settings {
  /** 0: any free port. */
  readonly port: number
  readonly host: string
  readonly home: string
  /** Where commands start that say nothing else. */
  readonly workspace: string
  readonly user: string
  readonly timezone: string
  readonly maxSessions: number
  readonly key: string | null
  readonly version: string
  /** What commands find in their environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Runs this server's program as a regular expression worker. */
  readonly worker: readonly string[]
}

/** Set for the server, of no use to commands. The key is an answer to "who calls", not a secret of the agent's. */
const own = new Set(['SANDBOX_API_KEY', 'PUBLIC_PORT', 'BERTH_LISTEN', 'BERTH_VERSION', 'BERTH_KEY_FD', 'MAX_SHELL_SESSIONS'])

const mounted = '/mnt/user-data/workspace'

export function settings(env: NodeJS.ProcessEnv, version: string, worker: readonly string[]): Settings {
  const home = env['HOME'] || homedir()
  const workspace = env['WORKSPACE'] || (existsSync(mounted) ? mounted : home)
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) if (value !== undefined && !own.has(name)) environment[name] = value
  environment['HOME'] = home
  environment['WORKSPACE'] = workspace
  environment['PATH'] ||= '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  environment['LANG'] ||= 'C.UTF-8'
  return {
    port: whole(env['PUBLIC_PORT'], 8080, 0, 65_535),
    host: env['BERTH_LISTEN'] || '0.0.0.0',
    home,
    workspace,
    user: userName(env),
    timezone: env['TZ'] || 'UTC',
    maxSessions: whole(env['MAX_SHELL_SESSIONS'], 50, 1, 10_000),
    key: env['SANDBOX_API_KEY'] || null,
    version,
    environment,
    worker,
  }
}

/** A number from the environment; what is no such number is a fault of whoever starts the server, so it ends it. */
function whole(value: string | undefined, fallback: number, min: number, max: number): number {
  if (value === undefined || value === '') return fallback
  const number = Number(value)
  if (!Number.isInteger(number) || number < min || number > max) throw new RangeError(`not a number from ${min} to ${max}: ${value}`)
  return number
}

/** A uid without a passwd entry is normal in a container that runs as the host's user. */
function userName(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username
  } catch {
    return env['USER'] || String(process.getuid?.() ?? 'user')
  }
}
