import { resolve } from 'node:path'
import { homePaths } from '../home/paths.ts'
import type { Env } from './overrides.ts'

/** `named`: somebody asked for this very file, so it must be there. */
export interface ChosenFile { readonly path: string; readonly named: string | null }

/** `--config`, then BERTH_CONFIG, then deer-flow's DEER_FLOW_CONFIG_PATH, then `config.yaml` in the home. Empty counts as unset. */
export function chooseFile(from: { file?: string | null | undefined; env: Env; home: string }): ChosenFile {
  if (from.file) return { path: resolve(from.file), named: '--config' }
  for (const name of ['BERTH_CONFIG', 'DEER_FLOW_CONFIG_PATH']) {
    const value = from.env[name]
    if (value) return { path: resolve(value), named: name }
  }
  return { path: homePaths(from.home).config, named: null }
}
