import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { onPath } from '../lib/debian.mjs'
import { electronCheck } from '../lib/electron-check.mjs'
import { dockerAnswers, dockerHasImage } from '../lib/docker.mjs'
import { browserPath } from './browser.ts'

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
