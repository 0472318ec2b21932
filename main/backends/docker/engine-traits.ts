import type { Engine } from './engine.ts'

/** What kind of engine it is, as far as a sandbox's user and mounts depend on it. */
export interface EngineTraits {
  readonly id: string
  readonly name: string
  readonly version: string
  /** `x86_64`, `aarch64`. */
  readonly arch: string
  /** A Linux engine on this very kernel: its containers' uids are this host's uids. */
  readonly native: boolean
  readonly rootless: boolean
  readonly userns: boolean
}

interface Info { ID?: string; OperatingSystem?: string; OSType?: string; Architecture?: string; ServerVersion?: string; SecurityOptions?: string[] | null }

/** dockerode's declarations leave out that these two take a signal as well. */
export interface Answering {
  ping(options: { abortSignal: AbortSignal }): Promise<unknown>
  info(options: { abortSignal: AbortSignal }): Promise<Info>
}

/** Asked once and kept; `forget` after the engine was away, for it may be another one then. */
export interface TraitsReader { read(): Promise<EngineTraits>; forget(): void }

export function traitsReader(engine: Engine, platform: NodeJS.Platform): TraitsReader {
  let kept: Promise<EngineTraits> | null = null
  return {
    read() {
      if (kept) return kept
      const asked = askTraits(engine, platform)
      kept = asked
      asked.catch(() => {
        if (kept === asked) kept = null
      })
      return asked
    },
    forget() {
      kept = null
    },
  }
}

export async function askTraits(engine: Engine, platform: NodeJS.Platform): Promise<EngineTraits> {
  const info = await engine.call('say what it is', 5_000, (abortSignal) => (engine.docker as unknown as Answering).info({ abortSignal }), {
    idempotent: true,
  })
  const security = (info.SecurityOptions ?? []).join(' ')
  const desktop = /docker desktop/i.test(info.OperatingSystem ?? '')
  return {
    id: info.ID ?? '',
    name: desktop ? 'Docker Desktop' : /podman/i.test(info.ServerVersion ?? '') ? 'Podman' : 'Docker',
    version: info.ServerVersion ?? 'unknown',
    arch: info.Architecture ?? '',
    native: platform === 'linux' && info.OSType !== 'windows' && !desktop,
    rootless: security.includes('name=rootless'),
    userns: security.includes('name=userns'),
  }
}
