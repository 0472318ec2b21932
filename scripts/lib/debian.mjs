import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'

/** Root on a system with apt-get. */
export function canInstall() {
  return process.platform === 'linux' && process.getuid?.() === 0 && onPath('apt-get')
}

/** @param {string} command */
export function onPath(command) {
  // An ordinary user's PATH often lacks these two, where dockerd and debootstrap are.
  const places = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin']
  return places.some((place) => place !== '' && isExecutable(path.join(place, command)))
}

/**
 * Installs Debian packages without a question. The lists are fetched first: an image often ships without any.
 * @param {string[]} names
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export async function installPackages(names) {
  const update = await aptGet(['update'], 180_000)
  const install = await aptGet(['install', '-y', '--no-install-recommends', ...names], 600_000)
  return install.ok ? install : { ok: false, output: update.ok ? install.output : update.output + install.output }
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    // Not there or not ours to run: both mean that this is not the place.
    return false
  }
}

/** @param {string[]} args @param {number} timeout @returns {Promise<{ ok: boolean, output: string }>} */
function aptGet(args, timeout) {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout,
    })
    child.stdout.on('data', (data) => {
      output += data
    })
    child.stderr.on('data', (data) => {
      output += data
    })
    child.on('error', (error) => resolve({ ok: false, output: error.message }))
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}
