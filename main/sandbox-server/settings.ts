import { homedir, userInfo } from 'node:os'
import { standIns, type StandIns } from './stand-ins.ts'
import { workspaceOf } from './workspace.ts'
import type { Workspace } from './workspace.ts'

/** How one sandbox server is set up; read from the environment by `settings`. */
export interface Settings {
  /** 0: any free port. */
  readonly port: number
  readonly host: string
  readonly home: string
  readonly workspace: Workspace
  readonly user: string
  readonly timezone: string
  readonly maxSessions: number
  readonly key: string | null
  /** null where paths are what they say: everywhere but without isolation. */
  readonly standIns: StandIns | null
  readonly version: string
  /** What commands find in their environment, beside WORKSPACE. */
  readonly environment: Readonly<Record<string, string>>
  /** Runs this server's program as a regular expression worker. */
  readonly worker: readonly string[]
}

/** Set for the server, of no use to commands. The key is an answer to "who calls", not a secret of the agent's. */
const own = new Set(['SANDBOX_API_KEY', 'PUBLIC_PORT', 'BERTH_LISTEN', 'BERTH_VERSION', 'BERTH_KEY_FD', 'BERTH_AGENT', 'BERTH_MOUNTS'])

/**
 * `BERTH_ENV_NAME` is NAME for commands. What somebody set for the agent comes by these, so that it sets up neither this
 * server nor the Node that runs it: NODE_OPTIONS, PUBLIC_PORT, PATH, LD_PRELOAD.
 */
const forCommands = 'BERTH_ENV_'

export function settings(env: NodeJS.ProcessEnv, version: string, worker: readonly string[]): Settings {
  const environment = commandEnvironment(env)
  const home = environment['HOME'] || homedir()
  environment['HOME'] = home
  environment['PATH'] ||= '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  environment['LANG'] ||= 'C.UTF-8'
  return {
    port: whole(env['PUBLIC_PORT'], 8080, 0, 65_535),
    host: env['BERTH_LISTEN'] || '0.0.0.0',
    home,
    workspace: workspaceOf(environment['WORKSPACE'], home),
    user: userName(environment),
    timezone: environment['TZ'] || 'UTC',
    maxSessions: sessionsWanted(environment['MAX_SHELL_SESSIONS']),
    key: env['SANDBOX_API_KEY'] || null,
    standIns: standIns(env['BERTH_MOUNTS']),
    version,
    environment,
    worker,
  }
}

/** The server's own environment without its settings, and over it what was set for commands. */
function commandEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const environment: Record<string, string> = {}
  const set: Record<string, string> = {}
  for (const [name, value = ''] of Object.entries(env)) {
    if (name.startsWith(forCommands)) set[name.slice(forCommands.length)] = value
    else if (!own.has(name)) environment[name] = value
  }
  // `/opt/venv/bin:$PATH` means what it means in a Dockerfile: before what the image has.
  for (const [name, value] of Object.entries(set)) set[name] = withFormer(name, value, environment[name] ?? '')
  return { ...environment, ...set }
}

function withFormer(name: string, value: string, former: string): string {
  return value.replaceAll(/\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g, (all, braced: string | undefined, plain: string | undefined) =>
    (braced ?? plain) === name ? former : all,
  )
}

/** AIO's own variable, which is the agent's to set: a bad one must not keep the server from starting. */
function sessionsWanted(value: string | undefined): number {
  const number = Number(value)
  return value && Number.isInteger(number) && number >= 1 && number <= 10_000 ? number : 50
}

/** A number from the environment; what is no such number is a fault of whoever starts the server, so it ends it. */
function whole(value: string | undefined, fallback: number, min: number, max: number): number {
  if (value === undefined || value === '') return fallback
  const number = Number(value)
  if (!Number.isInteger(number) || number < min || number > max) throw new RangeError(`not a number from ${min} to ${max}: ${value}`)
  return number
}

/** A uid without a passwd entry is normal in a container that runs as the host's user. */
function userName(env: Readonly<Record<string, string>>): string {
  try {
    return userInfo().username
  } catch {
    return env['USER'] || String(process.geteuid?.() ?? 'user')
  }
}
