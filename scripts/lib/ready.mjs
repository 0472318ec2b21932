import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { nodeBinary, runOnNode } from './child.mjs'
import { inRoot, root, say } from './root.mjs'

/** Ends this process, with the reason, on a Node too old even for the launcher. */
function requireNode20() {
  if (Number(process.versions.node.split('.')[0]) >= 20) return
  say(`this is Node ${process.versions.node}; Berth needs Node 20 or newer to start (it brings its own Node 24).`)
  process.exit(1)
}

/** Dependencies, or this process ends. */
export async function needDependencies() {
  requireNode20()
  if (!(await ensureInstalled())) process.exit(1)
}

/** out/ built from the sources that are here, or this process ends. */
export async function needBuild() {
  if (buildIsCurrent()) return
  say('building out/ ...')
  const { code } = await runOnNode([inRoot('scripts', 'build.mjs'), '--quiet'])
  if (code === 0) return
  say('the build failed; what it said is above.')
  process.exit(1)
}

/** Which lock file node_modules was made from. */
const installed = inRoot('node_modules', '.berth-stamp')

/**
 * Installs what package-lock.json names, unless node_modules was made from this very lock file. Not `npm ci`: it
 * refuses a lock file that lacks the siblings some packages have for other platforms. Install scripts stay off:
 * nothing here needs one.
 * @returns {Promise<boolean>} whether everything is there; if not, what npm said has been printed
 */
async function ensureInstalled() {
  const wanted = lockDigest()
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted && nodeBinary()) return true
  say('installing dependencies with npm; about half a minute the first time ...')
  const started = Date.now()
  rmSync(installed, { force: true })
  const { code, output } = await npm(['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev', '--include=optional'])
  if (code !== 0) {
    process.stderr.write(output.endsWith('\n') ? output : `${output}\n`)
    say('npm could not install the dependencies; what it said is above. Check the network and the disk, then try again.')
    return false
  }
  writeFileSync(installed, wanted)
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
    child.stdout.on('data', (data) => {
      output += data
    })
    child.stderr.on('data', (data) => {
      output += data
    })
    child.on('error', (error) => resolve({ code: 1, output: `${output}npm could not be run: ${error.message}\n` }))
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

/** Holds the digest of the sources that out/ was built from; written last, so a build that broke off has none. */
export const stampFile = inRoot('out', '.stamp')

/** What is built from: a change in any of these makes out/ outdated. */
const sources = ['main', 'shared', 'app', 'renderer', 'build', 'scripts/build.mjs', 'package.json', 'package-lock.json']

/** About 20 ms: contents, not times, so that neither a checkout nor a copy builds again. */
export function sourceDigest() {
  const hash = createHash('sha256')
  for (const name of sources) add(hash, name)
  return hash.digest('hex')
}

export function buildIsCurrent() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === sourceDigest()
}

/** @param {import('node:crypto').Hash} hash @param {string} name */
function add(hash, name) {
  const entries = name.includes('.') ? null : readdirSync(inRoot(name), { withFileTypes: true })
  if (!entries) {
    hash
      .update(name)
      .update('\0')
      .update(readFileSync(inRoot(name)))
      .update('\0')
    return
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = `${name}/${entry.name}`
    if (entry.isDirectory()) add(hash, below)
    else if (entry.isFile())
      hash
        .update(below)
        .update('\0')
        .update(readFileSync(inRoot(below)))
        .update('\0')
  }
}
