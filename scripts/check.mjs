// npm run check: what a change should pass before it is offered. Runs on Node 24, ends at the first that fails.
import { spawnSync } from 'node:child_process'
import { binFile } from './lib/child.mjs'
import { inRoot, root } from './lib/root.mjs'

/** @type {[string, string | null, string[]][]} */
const steps = [
  ['typecheck', binFile('tsc'), ['-b']],
  ['lint', inRoot('scripts', 'lint.mjs'), []],
  ['build', inRoot('scripts', 'build.mjs'), []],
  ['unit tests', binFile('vitest'), ['run', '--project', 'unit']],
]
for (const [name, file, args] of steps) {
  console.log(`check: ${name}`)
  if (!file || spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' }).status !== 0) {
    console.error(`check: ${name} failed`)
    process.exit(1)
  }
}
