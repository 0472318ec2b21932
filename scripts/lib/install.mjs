import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { nodeBinary } from './node-binary.mjs'
import { inRoot, root, say } from './root.mjs'

const stamp = inRoot('node_modules', '.berth-stamp')

/**
 * Installs what package-lock.json names, unless node_modules was made from this very lock file. Not `npm ci`: it
 * refuses a lock file that lacks the siblings some packages have for other platforms. Install scripts stay off:
 * nothing here needs one.
 * @returns {Promise<boolean>} whether everything is there; if not, what npm said has been printed
 */
export async function ensureInstalled() {
  const wanted = lockDigest()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && nodeBinary()) return true
  say('installing dependencies with npm; about half a minute the first time ...')
  const started = Date.now()
  rmSync(stamp, { force: true })
  const { code, output } = await npm([
    'install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev', '--include=optional',
  ])
  if (code !== 0) {
    process.stderr.write(output.endsWith('\n') ? output : `${output}\n`)
    say('npm could not install the dependencies; what it said is above. Check the network and the disk, then try again.')
    return false
  }
  writeFileSync(stamp, wanted)
  say(`dependencies installed in ${Math.round((Date.now() - started) / 1000)} s`)
  return true
}

function lockDigest() {
  const hash = createHash('sha256')
  // The platform is in it: one tree can be shared by two systems (a folder mounted into a virtual machine).
  hash.update(`${process.platform} ${process.arch}\n`)
  for (const file of ['package.json', 'package-lock.json']) hash.update(readFileSync(inRoot(file))).update('\0')
  return hash.digest('hex')
}

/** @param {string[]} args @returns {Promise<{ code: number, output: string }>} */
function npm(args) {
  // Under `npm start` npm says where it is. Another package manager's path there is of no use.
  const cli = process.env.npm_execpath
  const own = cli !== undefined && path.basename(cli).startsWith('npm-cli')
  const windows = process.platform === 'win32'
  return new Promise((resolve) => {
    let output = ''
    const child = own
      ? spawn(process.execPath, [cli, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
      : spawn(windows ? 'npm.cmd' : 'npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], shell: windows })
    child.stdout.on('data', (data) => { output += data })
    child.stderr.on('data', (data) => { output += data })
    child.on('error', (error) => resolve({ code: 1, output: `${output}npm could not be run: ${error.message}\n` }))
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
