import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Config } from '../../../shared/config.ts'
import { fail } from '../../../shared/errors.ts'
import { errno } from '../../base/write-atomic.ts'
import { collect } from './collect.ts'
import { configText, parseYaml } from './yaml-file.ts'
import { isDeerFlows, leafKeys } from './keys.ts'
import { type Env, type Overrides, readOverrides, secretsOf, settle } from './settle.ts'
import { homePaths } from '../home/paths.ts'

export type Source = 'default' | 'file' | 'environment'

export interface LoadedConfig {
  readonly config: Config
  /** null: no file, all defaults. */
  readonly file: string | null
  /** The file's text, '' without one. */
  readonly text: string
  /** By dotted key; every key of the schema has a row. */
  readonly sources: Readonly<Record<string, Source>>
  readonly overrides: Overrides
  readonly warnings: readonly string[]
  /** Values that may appear in no log, label or answer. */
  readonly secrets: readonly string[]
}

/** Far above any configuration written by a person; a device file has no end. */
const largest = 4 * 1024 * 1024

/**
 * Reads the configuration: from `file`, or the one that `chooseFile` finds. Throws BAD_CONFIG, with line and column where
 * the file is at fault. No message of it holds a value of the file.
 */
export async function loadConfig(from: { file?: string | null | undefined; env: Env; home: string }): Promise<LoadedConfig> {
  const chosen = chooseFile(from)
  return readConfig(await readText(chosen), chosen.path, from.env)
}

/** The same from a text that is already there; null: no file. */
export function readConfig(text: string | null, path: string, env: Env): LoadedConfig {
  const overrides = readOverrides(env)
  const yaml = parseYaml(path, text ?? '')
  const { entries, warnings } = collect(yaml)
  const { config, secrets, set } = settle(yaml, entries, env)
  return {
    config: withPaths(config, path, isDeerFlows(yaml.values)),
    file: text === null ? null : path,
    text: text ?? '',
    sources: Object.fromEntries(leafKeys.map((key) => [key, set.has(key) ? 'file' : 'default'])),
    overrides,
    warnings,
    secrets: secretsOf(config, secrets),
  }
}

/** Host paths made absolute: `~` is the user's directory, anything relative starts at the file's own. */
function withPaths(config: Config, file: string, deerFlows: boolean): Config {
  const absolute = (path: string) => {
    if (path === '~' || path.startsWith('~/')) return join(homedir(), path.slice(1))
    // Another machine's path, where the engine is on Windows: not ours to resolve.
    return isAbsolute(path) || /^[A-Za-z]:[\\/]/.test(path) ? path : resolve(dirname(file), path)
  }
  // deer-flow's own default: the `skills` directory of the checkout that its file lies in.
  const skills = config.skills.path ?? (deerFlows ? 'skills' : null)
  return {
    ...config,
    mounts: config.mounts.map((mount) => ({ ...mount, host_path: absolute(mount.host_path) })),
    skills: { ...config.skills, path: skills === null ? null : absolute(skills) },
    deer_flow: {
      home: config.deer_flow.home === null ? null : absolute(config.deer_flow.home),
      mount_roots: config.deer_flow.mount_roots.map(absolute),
    },
  }
}

async function readText({ path, named }: ChosenFile): Promise<string | null> {
  try {
    const facts = await stat(path)
    if (!facts.isFile() || facts.size > largest) {
      throw fail('BAD_CONFIG', `${path} is not a configuration file${facts.isFile() ? ': it is far too large' : ''}`, {
        next: 'Name a YAML file.',
        details: { file: path },
      })
    }
    return configText(await readFile(path), path)
  } catch (error) {
    if (errno(error) === 'ENOENT' && named === null) return null
    if (errno(error) === 'ENOENT') {
      throw fail('BAD_CONFIG', `There is no configuration file ${path}, which ${named} names`, {
        next: `Create it, or leave ${named} out: without a file everything has its default.`,
        details: { file: path },
        cause: error,
      })
    }
    if (errno(error) === '') throw error
    throw fail('BAD_CONFIG', `The configuration file ${path} cannot be read (${errno(error)})`, {
      next: 'Let the user who runs Berth read it.',
      details: { file: path },
      cause: error,
    })
  }
}

/** `named`: somebody asked for this very file, so it must be there. */
interface ChosenFile {
  readonly path: string
  readonly named: string | null
}

/** `--config`, then BERTH_CONFIG, then deer-flow's DEER_FLOW_CONFIG_PATH, then `config.yaml` in the home. Empty counts as unset. */
export function chooseFile(from: { file?: string | null | undefined; env: Env; home: string }): ChosenFile {
  if (from.file) return { path: resolve(from.file), named: '--config' }
  for (const name of ['BERTH_CONFIG', 'DEER_FLOW_CONFIG_PATH']) {
    const value = from.env[name]
    if (value) return { path: resolve(value), named: name }
  }
  return { path: homePaths(from.home).config, named: null }
}
