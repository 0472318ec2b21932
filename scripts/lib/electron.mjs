import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { wayToStart } from './desktop-plan.mjs'
import { inRoot, root, say } from './root.mjs'

const place = inRoot('node_modules', 'electron')
/** So that a machine that cannot have it does not wait for it at every start. */
const failed = inRoot('node_modules', '.berth-electron-failed')
const stalledMs = 60_000

/** Electron's program, if it is installed. */
function electronProgram() {
  const named = path.join(place, 'path.txt')
  if (!existsSync(named)) return null
  const file = path.join(place, 'dist', readFileSync(named, 'utf8'))
  return existsSync(file) ? file : null
}

/**
 * Opens the desktop app, where there is a display and Electron can be had.
 * @param {string[]} args
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null } | null>} how it ended; null: it was not opened, and the screens are to be served
 */
export async function openDesktop(args) {
  const way = wayToStart({
    platform: process.platform,
    root: process.getuid?.() === 0,
    env: process.env,
    args,
    installed: electronProgram() !== null,
    failedAt: existsSync(failed) ? statSync(failed).mtimeMs : null,
    now: Date.now(),
  })
  if (way.why) say(way.why)
  if (way.do === 'serve' || (way.do === 'install' && !(await fetchElectron()))) return null
  const program = electronProgram()
  return program ? await run(program) : null
}

/** Fetches Electron, for as long as something arrives. What fails is told, and not tried again for a day. */
async function fetchElectron() {
  say('fetching Electron (about 110 MB, once) ...')
  const temporary = inRoot('node_modules', '.berth-electron')
  rmSync(temporary, { recursive: true, force: true })
  mkdirSync(temporary, { recursive: true })
  const child = spawn(process.execPath, [path.join(place, 'install.js')], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary },
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    said += text
  })
  let size = -1
  let grew = Date.now()
  let stalled = false
  const watch = setInterval(() => {
    const now = bytesIn(temporary) + bytesIn(path.join(place, 'dist'))
    if (now !== size) grew = Date.now()
    size = now
    if (Date.now() - grew < stalledMs) return
    stalled = true
    child.kill('SIGKILL')
  }, 1000)
  const code = await new Promise((resolve) => child.on('error', () => resolve(1)).on('close', resolve))
  clearInterval(watch)
  rmSync(temporary, { recursive: true, force: true })
  if (code === 0 && electronProgram()) {
    rmSync(failed, { force: true })
    return true
  }
  writeFileSync(failed, '')
  const why = stalled ? 'nothing arrived for a minute' : (/Error: .*/.exec(said)?.[0] ?? `its installer ended with ${code}`)
  say(`Electron could not be fetched (${why}); the screens are served instead. It is tried again in a day, or by hand: npx install-electron`)
  return false
}

/** @param {string} program */
async function run(program) {
  const started = Date.now()
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env
  const child = spawn(program, [root], { cwd: root, stdio: 'inherit', env })
  const pass = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal)
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
  for (const signal of signals) process.on(signal, pass)
  /** @type {{ code: number | null, signal: NodeJS.Signals | null }} */
  const end = await new Promise((resolve) =>
    child.on('error', () => resolve({ code: 1, signal: null })).on('exit', (code, signal) => resolve({ code, signal })),
  )
  for (const signal of signals) process.off(signal, pass)
  // A system that lets no user make namespaces ends Chromium at once.
  if (end.signal === 'SIGTRAP' || (end.code !== 0 && end.code !== 70 && Date.now() - started < 3000)) {
    say('the desktop app could not start here; the screens are served instead.')
    return null
  }
  return end
}

/** @param {string} directory @returns {number} */
function bytesIn(directory) {
  if (!existsSync(directory)) return 0
  let sum = 0
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    try {
      if (entry.isFile()) sum += statSync(path.join(entry.parentPath, entry.name)).size
    } catch (error) {
      // Moved away meanwhile: something happens.
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error
    }
  }
  return sum
}
