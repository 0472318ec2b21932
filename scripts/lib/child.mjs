import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { nodeBinary, noNode } from './node-binary.mjs'
import { watchNpm } from './npm-watch.mjs'
import { inRoot, root, say } from './root.mjs'

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
