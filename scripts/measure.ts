// npm run measure: how the house is built, in numbers.
import { measure } from './checks/sizes.ts'
import { filesOf } from './checks/tree.ts'
import { checkWalls } from './checks/walls.ts'
import { root } from './lib/root.mjs'

const files = filesOf(root)
const sizes = measure(root, files)
const climbing = checkWalls(root, files)

console.log(`files                                ${sizes.files}, without tests and scripts`)
console.log(`lines                                median ${sizes.median}, p90 ${sizes.p90}`)
list(
  'above 400 lines',
  sizes.long.map(({ file, lines, reason }) => `${file} (${lines}): ${reason ?? 'no reason'}`),
)
list(
  'under 40 lines, with one importer',
  sizes.short.map(({ file, lines, reason }) => `${file} (${lines}): ${reason ?? 'no reason'}`),
)
list('loose in main/', sizes.loose)
list(
  'imports that climb, and effects',
  climbing.map(({ file, problem }) => `${file} ${problem}`),
)
list(
  'circles, types included',
  sizes.circles.map((circle) => circle.join(' ')),
)

function list(what: string, lines: readonly string[]): void {
  console.log(`${what.padEnd(36)} ${lines.length}`)
  for (const line of lines) console.log(`  ${line}`)
}
