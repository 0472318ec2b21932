import { readFile, realpath, stat } from 'node:fs/promises'
import { arch, cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { BerthError, fail } from '../../shared/errors.ts'
import type { Backend, Mount } from '../backends/backend.ts'
import type { Clock } from '../base/clock.ts'
import type { Commands } from '../work/commands/commands.ts'
import { chooseFile, type LoadedConfig } from '../house/config/load-config.ts'
import { configText } from '../house/config/yaml-file.ts'
import { editConfig } from '../house/config/edit-config.ts'
import { redact, secretName } from '../house/config/settle.ts'
import type { Events } from '../house/events/events.ts'
import { errno, writeAtomic } from '../base/write-atomic.ts'
import type { ImageKeeper } from './image-keeper.ts'
import type { Provider } from '../core/provider-api.ts'
import type { Addressing } from '../calls/rpc/addressing.ts'
import type { HouseDeps } from '../calls/rpc/house-handlers.ts'
import type { ScreenDeps } from '../calls/rpc/work-handlers.ts'
import type { Terminals } from '../work/terminals/terminals.ts'
import type { BerthEvent } from '../../shared/events.ts'
import type { CallResult } from '../../shared/contract.ts'
import type { Sandbox } from '../../shared/sandbox.ts'
import type { MountRow } from '../../shared/calls/desktop-calls.ts'
import { walk } from '../house/workspace/list-threads.ts'

/** What a person at a screen may look into and change, put together from the engine's parts. */
export function openScreenCalls(deps: {
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
}): ScreenDeps {
  const { backend, provider, commands, terminals, env, events } = deps
  /** One edit after the other: two at once would lose one. */
  let turn: Promise<unknown> = Promise.resolve()

  async function setConfig(key: string, value: unknown, who: string): Promise<{ file: string; restart: boolean }> {
    const { path } = chooseFile({ file: deps.configFile, env, home: deps.home })
    // Behind a link, so that the link stays one.
    const file = await orNone(realpath(path), path)
    const [before, mode] = await Promise.all([
      orNone(
        readFile(file).then((bytes) => configText(bytes, path)),
        '',
      ),
      orNone(
        stat(file).then((facts) => facts.mode & 0o777),
        0o600,
      ),
    ])
    const { text, restart } = editConfig(before, path, env, key, value)
    if (text !== before) {
      await writeAtomic(file, text, { mode })
      events.publish({ type: 'config.edited', who, text: value === null ? `${key} was taken out of the configuration` : `${key} was set in the configuration` })
    }
    return { file: path, restart }
  }

  return {
    commands,
    terminals,
    provider,
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

/** What a report of a problem needs, as one text that a person reads before it goes anywhere. Nothing secret is in it. */
async function diagnostics(deps: {
  version: string
  doctor: () => Promise<CallResult<'doctor'>>
  config: () => Promise<CallResult<'config'>>
  status: () => Promise<CallResult<'status'>>
  events: () => readonly BerthEvent[]
  sandboxes: () => readonly Sandbox[]
  /** The engine's own log, newest last. */
  log: () => readonly string[]
  /** Every secret that this engine knows. */
  secrets: () => Promise<readonly string[]>
  wall: () => number
}): Promise<CallResult<'diagnostics'>> {
  const [doctor, config, status, secrets] = await Promise.all([deps.doctor(), deps.config(), deps.status(), deps.secrets()])
  const at = new Date(deps.wall()).toISOString()
  const sections: readonly (readonly [string, string])[] = [
    [
      'Berth',
      [
        `version ${deps.version}`,
        `node ${process.version}`,
        `${process.platform} ${release()} ${arch()}`,
        `${cpus().length} CPUs, ${Math.round(totalmem() / 2 ** 20)} MiB`,
        `made ${at}`,
      ].join('\n'),
    ],
    [
      'Doctor',
      doctor.checks.map(({ status: mark, name, text, fix }) => `${mark.padEnd(5)}${name}: ${text}${fix === null ? '' : `\n     fix: ${fix}`}`).join('\n'),
    ],
    ['Status', JSON.stringify(status, null, 2)],
    [
      'Configuration',
      config.values
        .filter(({ source }) => source !== 'default')
        .map(({ key, value, source }) => `${key} = ${JSON.stringify(value)}  (${source})`)
        .join('\n') || 'all defaults',
    ],
    [
      'Sandboxes',
      deps
        .sandboxes()
        .map((it) => JSON.stringify({ ...it, url: null }))
        .join('\n') || 'none',
    ],
    [
      'Events',
      deps
        .events()
        .map((event) => JSON.stringify(event))
        .join('\n') || 'none',
    ],
    ['Log', deps.log().join('\n') || 'nothing was logged'],
  ]
  const text = sections.map(([title, body]) => `== ${title} ==\n${body}\n`).join('\n')
  return { name: `berth-diagnostics-${at.replaceAll(/[:.]/g, '-')}.txt`, text: withoutPatterns(redact(text, secrets)) }
}

/** Secrets by their form, for those that this engine never knew: tokens of the house, capability addresses, passwords in addresses. */
export function withoutPatterns(text: string): string {
  return text
    .replaceAll(/\be2b_[0-9a-f]{16,}/g, '[secret]')
    .replaceAll(/\bbu_[\w-]{20,}/g, '[secret]')
    .replaceAll(/(\/s\/[0-9a-f]{16})\.[\w-]{8,}/g, '$1.[secret]')
    .replaceAll(/(:\/\/)[^\s/@"]+@/g, '$1[secret]@')
    .replaceAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[secret]')
}

/** Files that are counted at most: above, a person wants to know that there are many, and the disk has other work. */
const most = 50_000

/** One sandbox in full. What is on the disk is counted when asked, so far as it may be seen. */
async function sandboxDetails(
  deps: { backend: Backend; address: string | null; mounts: readonly Mount[]; skills: string },
  sandbox: Sandbox,
): Promise<CallResult<'details'>> {
  const { backend } = deps
  const [description, mounts] = await Promise.all([
    sandbox.container === null || !backend.describe ? null : backend.describe(sandbox.container),
    Promise.all(rowsOf(deps.mounts, deps.skills).map(measured)),
  ])
  return {
    mounts,
    limits: description?.limits ?? { memory: null, cpus: null, pids: null },
    image_id: description?.imageId ?? null,
    address: deps.address,
    isolation: [...(description?.isolation ?? [])],
    raw: description?.raw ?? null,
  }
}

/** The thread's one bind is three directories to whoever works with it. */
export function rowsOf(mounts: readonly Mount[], skills: string): readonly Omit<MountRow, 'exists' | 'bytes' | 'files'>[] {
  return mounts.flatMap(({ source, target, readonly }): Omit<MountRow, 'exists' | 'bytes' | 'files'>[] => {
    const mode = readonly ? 'ro' : 'rw'
    if (target === '/mnt/user-data') {
      return (['workspace', 'uploads', 'outputs'] as const).map((kind) => ({ host: join(source, kind), container: `${target}/${kind}`, mode, kind }))
    }
    return [{ host: source, container: target, mode, kind: target === skills || target.startsWith(`${skills}/`) ? 'skills' : 'extra' }]
  })
}

async function measured(row: Omit<MountRow, 'exists' | 'bytes' | 'files'>): Promise<MountRow> {
  const facts = await stat(row.host).catch(() => null) // not there, or not for us to see: both are shown as such
  if (facts === null) return { ...row, exists: false, bytes: null, files: null }
  let bytes = 0
  let files = 0
  for await (const met of walk(row.host)) {
    if ('code' in met || files > most) return { ...row, exists: true, bytes: null, files: null }
    if (met.facts.isDirectory()) continue
    bytes += met.facts.size
    files += 1
  }
  return { ...row, exists: true, bytes, files }
}
