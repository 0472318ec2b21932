// The built shell in the harness's Electron: every spec of test/e2e/electron/, one after the other, or those that are named.
import { readdirSync } from 'node:fs'
import { electronCheck } from './machine.ts'
import { inRoot, root } from '../lib/root.mjs'
import { runCommand } from './command.ts'
import { closingLine, none, programTally, sum } from './tally.ts'

const names = process.argv.slice(2)
const run = electronCheck()
if (!run) throw new Error('the harness is not here: set BERTH_ELECTRON_CHECK')
const specs = readdirSync(inRoot('test', 'e2e', 'electron')).filter(
  (name) => name.endsWith('.spec.mjs') && (names.length === 0 || names.some((one) => name.startsWith(one))),
)
let total = none
for (const spec of specs) {
  console.log(`electron: ${spec}`)
  const end = await runCommand(
    run,
    ['--app', root, '--spec', inRoot('test', 'e2e', 'electron', spec), '--shots', inRoot('.cache', 'shots', 'electron'), '--timeout', '300'],
    { seconds: 900 },
  )
  total = sum([total, programTally(end.output, end.code)])
}
console.log(closingLine(total))
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
