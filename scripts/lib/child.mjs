import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { inRoot, root, say } from './root.mjs'

/** The Node that Berth is written for. */
const major = 24

/**
 * Node 24: the one that npm's optional `node-<platform>` package brought, else the one that runs this, if it is new
 * enough (platforms for which there is no such package).
 * @returns {string | null}
 */
export function nodeBinary() {
  const windows = process.platform === 'win32'
  const shipped = inRoot('node_modules', `node-${windows ? 'win' : process.platform}-${process.arch}`, 'bin', windows ? 'node.exe' : 'node')
  if (existsSync(shipped)) return realpathSync(shipped)
  return Number(process.versions.node.split('.')[0]) >= major ? process.execPath : null
}

const noNode = `Berth runs on Node ${major}. npm has no package with it for ${process.platform}-${process.arch}: install Node ${major} and try again.`

/**
 * Runs a program on Node 24 as if it were this process: same standard streams, signals passed on, same end. It does
 * not outlive this process, not even when this one is killed with SIGKILL: it holds one end of a pipe whose other end
 * is here (follow.mjs). On Windows Node's own job object does that.
 * @param {string[]} args the program's file and its arguments
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
export function runOnNode(args) {
  const node = nodeBinary()
  if (!node) {
    say(noNode)
    return Promise.resolve({ code: 1, signal: null })
  }
  const windows = process.platform === 'win32'
  const follow = windows ? [] : ['--import', pathToFileURL(inRoot('scripts', 'lib', 'follow.mjs')).href]
  const child = spawn(node, [...follow, ...args], {
    stdio: windows ? 'inherit' : ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...environment(node), ...(windows ? {} : { BERTH_FOLLOW_FD: '3' }) },
  })
  const signals = passSignals(child)
  const stopWatching = watchNpm(child, signals.seen)
  return new Promise((resolve) => {
    child.on('error', (error) => {
      say(`Node could not be started (${node}): ${error.message}`)
      resolve({ code: 1, signal: null })
    })
    child.on('exit', (code, signal) => {
      signals.stop()
      stopWatching()
      resolve({ code, signal })
    })
  })
}

/** Ends this process the way the child ended. @param {{ code: number | null, signal: NodeJS.Signals | null }} end */
export function endLike(end) {
  if (end.signal && process.platform !== 'win32') process.kill(process.pid, end.signal)
  else process.exit(end.code ?? 1)
}

/**
 * The file that a command of node_modules/.bin stands for. Its entry there is a link on one system and a batch file
 * on another, so it is taken from the package.
 * @param {string} name
 */
export function binFile(name) {
  const owner = { tsc: 'typescript' }[name] ?? name
  const manifest = inRoot('node_modules', owner, 'package.json')
  if (!existsSync(manifest)) return null
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'))
  const file = typeof bin === 'string' ? bin : bin?.[name]
  return file ? path.join(path.dirname(manifest), file) : null
}

/** @param {string} node */
function environment(node) {
  const env = { ...process.env }
  const key = Object.keys(env).find((name) => name.toLowerCase() === 'path') ?? 'PATH'
  env[key] = [path.join(root, 'node_modules', '.bin'), path.dirname(node), env[key]].filter(Boolean).join(path.delimiter)
  return env
}

/** @param {import('node:child_process').ChildProcess} child */
function passSignals(child) {
  /** @type {Set<string>} */
  const seen = new Set()
  const handlers = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
    const handler = () => {
      const first = !seen.has(signal)
      seen.add(signal)
      // A terminal gives Ctrl-C to the whole group, the child included.
      if (first && !(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(/** @type {NodeJS.Signals} */ (signal))
    }
    process.on(signal, handler)
    return () => process.off(signal, handler)
  })
  return { seen, stop: () => handlers.forEach((off) => off()) }
}

/**
 * `npm start` is npm, a shell, this process, the program, and nobody tells this process what happens to the first
 * two: npm passes SIGTERM to the shell, which just dies of it; killed with SIGKILL, npm leaves the rest behind. So it
 * looks. The shell gone means that npm was asked to end, npm gone under a living shell that it was killed.
 * @param {import('node:child_process').ChildProcess} child
 * @param {ReadonlySet<string>} signals those that reached this process itself
 * @returns {() => void} ends the watch
 */
function watchNpm(child, signals) {
  if (process.platform === 'win32' || process.env.npm_lifecycle_event === undefined) return () => {}
  const parent = process.ppid
  const above = processOf(parent)
  // Some shells replace themselves by their last command: then npm is the parent.
  const shell = above !== null && !above.command.startsWith('npm') ? above : null
  const timer = setInterval(() => {
    if (process.ppid !== parent) {
      if (!shell) child.kill('SIGKILL')
      else if (signals.size === 0) child.kill('SIGTERM')
      clearInterval(timer)
    } else if (shell && !isThere(shell.parent)) {
      child.kill('SIGKILL')
    }
  }, 250)
  timer.unref()
  return () => clearInterval(timer)
}

/** @param {number} pid @returns {{ parent: number, command: string } | null} */
function processOf(pid) {
  try {
    if (process.platform === 'linux') {
      // The second field is a name in parentheses that may hold anything.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')
      return { parent: Number(fields[1]), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') }
    }
    const line = execFileSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    const at = line.search(/\s/)
    return { parent: Number(line.slice(0, at)), command: line.slice(at).trim() }
  } catch {
    // Gone already, or no such tool: then its end is not watched.
    return null
  }
}

/** @param {number} pid */
function isThere(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Another user's process is there all the same.
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}
