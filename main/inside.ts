import { readFile, realpath, stat } from 'node:fs/promises'
import { BerthError, fail } from '../shared/errors.ts'
import type { Backend } from './backends/backend.ts'
import type { Clock } from './clock.ts'
import type { Commands } from './commands/commands.ts'
import { chooseFile } from './config/choose-file.ts'
import { configText } from './config/config-text.ts'
import { editConfig } from './config/edit-config.ts'
import type { LoadedConfig } from './config/load-config.ts'
import { secretName } from './config/redact.ts'
import { diagnostics } from './diagnostics.ts'
import type { Events } from './events/events.ts'
import { errno } from './home/disk-error.ts'
import { writeAtomic } from './home/write-atomic.ts'
import type { ImageKeeper } from './image-keeper.ts'
import type { Provider } from './provider/provider-api.ts'
import type { Addressing } from './rpc/addressing.ts'
import type { HouseDeps } from './rpc/house-handlers.ts'
import type { InsideDeps } from './rpc/inside-handlers.ts'
import { sandboxDetails } from './sandbox-details.ts'
import type { Terminals } from './terminals/terminals.ts'

/** What a person at a screen may look into and change, put together from the engine's parts. */
export function openInside(deps: {
  backend: Backend
  provider: Provider
  commands: Commands
  terminals: Terminals
  addressing: Addressing
  image: ImageKeeper
  config: () => LoadedConfig
  configFile: string | undefined
  env: NodeJS.ProcessEnv
  home: string
  events: Events
  clock: Clock
  version: string
  token: string
  /** What is derived of the home's secret, and that itself. */
  derived: () => Promise<readonly string[]>
  log: () => readonly string[]
  house: Pick<HouseDeps, 'status' | 'doctor'> & { readonly config: HouseDeps['config'] }
}): InsideDeps {
  const { backend, provider, commands, terminals, env, events } = deps
  /** One edit after the other: two at once would lose one. */
  let turn: Promise<unknown> = Promise.resolve()

  async function setConfig(key: string, value: unknown, who: string): Promise<{ file: string; restart: boolean }> {
    const { path } = chooseFile({ file: deps.configFile, env, home: deps.home })
    // Behind a link, so that the link stays one.
    const file = await orNone(realpath(path), path)
    const [before, mode] = await Promise.all([orNone(readFile(file).then((bytes) => configText(bytes, path)), ''), orNone(stat(file).then((facts) => facts.mode & 0o777), 0o600)])
    const { text, restart } = editConfig(before, path, env, key, value)
    if (text !== before) {
      await writeAtomic(file, text, { mode })
      events.publish({ type: 'config.edited', who, text: value === null ? `${key} was taken out of the configuration` : `${key} was set in the configuration` })
    }
    return { file: path, restart }
  }

  return {
    commands, terminals, provider,
    details: (sandbox) =>
      sandboxDetails(
        {
          backend,
          address: withoutSecret(deps.addressing.show(sandbox, undefined).url),
          mounts: provider.mountsOf(sandbox.id) ?? [],
          skills: deps.config().config.skills.container_path,
        },
        sandbox,
      ),
    images: backend.images ? { shelf: backend.images, keeper: deps.image, name: () => deps.config().config.image } : null,
    setConfig(key, value, who) {
      const done = turn.then(() => setConfig(key, value, who))
      // Whoever asked for it gets the failure.
      turn = done.catch(() => undefined)
      return done
    },
    diagnostics: () =>
      diagnostics({
        version: deps.version,
        ...deps.house,
        events: () => events.recent({ limit: 300 }).events,
        sandboxes: () => provider.list().sandboxes,
        log: deps.log,
        secrets: async () => [deps.token, ...deps.config().secrets, ...secretsIn(env), ...(await deps.derived())],
        wall: () => deps.clock.wall(),
      }),
  }
}

/** `none` where there is no such file. */
async function orNone<T>(look: Promise<T>, none: T): Promise<T> {
  try {
    return await look
  } catch (error) {
    if (errno(error) === 'ENOENT') return none
    if (error instanceof BerthError) throw error
    throw fail('BAD_CONFIG', `The configuration file cannot be read (${errno(error)})`, { next: 'Let the user who runs Berth read it.', cause: error })
  }
}

/** A path is where something is (`PWD`, `SSH_AUTH_SOCK`), not the thing itself. */
function secretsIn(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(env).flatMap(([name, value]) => (value !== undefined && secretName(name) && !value.startsWith('/') ? [value] : []))
}

/** How programs reach it, as it may stand on a screen. */
function withoutSecret(url: string | null): string | null {
  return url === null ? null : url.replace(/(\/s\/[0-9a-f]{16})\.[\w-]+/, '$1')
}
