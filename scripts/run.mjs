// node scripts/run.mjs X ...: runs a script (.ts, .mjs) or a command of node_modules on Node 24, dependencies first.
import path from 'node:path'
import { binFile, endLike, runOnNode } from './lib/child.mjs'
import { needDependencies } from './lib/ready.mjs'
import { root, say } from './lib/root.mjs'

const [what, ...args] = process.argv.slice(2)
if (!what) {
  say('usage: node scripts/run.mjs FILE|COMMAND [ARGUMENT ...]')
  process.exit(64)
}
await needDependencies()
const file = /\.m?[jt]s$/.test(what) ? path.resolve(root, what) : binFile(what)
if (!file) {
  say(`no command ${what} in node_modules`)
  process.exit(64)
}
endLike(await runOnNode([file, ...args]))
