// npm run lint: layout, oxlint, then our own checks, then knip. Runs on Node 24; every one runs, whatever the others found.
import { spawnSync } from 'node:child_process'
import { checkDocs } from './checks/docs.ts'
import { checkNames } from './checks/names.ts'
import { checkPatches } from './checks/patches.ts'
import { checkSizes } from './checks/sizes.ts'
import { filesOf } from './checks/tree.ts'
import { checkWalls } from './checks/walls.ts'
import { binFile } from './lib/child.mjs'
import { root } from './lib/root.mjs'

const files = filesOf(root)
const failed = [
  tool('oxfmt', ['--check']),
  tool('oxlint', ['--type-aware', '--report-unused-disable-directives']),
  own('walls', checkWalls(root, files)),
  own('sizes', checkSizes(root, files)),
  own('names', checkNames(files)),
  own('docs', checkDocs(root, files)),
  own('patches', checkPatches(root, files)),
  tool('knip', []),
].filter((name) => name !== null)

if (failed.length > 0) {
  console.error(`lint: failed: ${failed.join(', ')}`)
  process.exitCode = 1
}

/** @param {string} name @param {string[]} args */
function tool(name, args) {
  const file = binFile(name)
  if (!file) throw new Error(`${name} is not installed`)
  return spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' }).status === 0 ? null : name
}

/** @param {string} name @param {import('./checks/tree.ts').Finding[]} findings */
function own(name, findings) {
  for (const { file, problem } of findings) console.error(`${name}: ${file} ${problem}`)
  return findings.length === 0 ? null : name
}
