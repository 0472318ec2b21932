import { parseArgs } from 'node:util'
import { compileOnce } from '../support/compile-once.ts'
import { phasesOf, type ChaosBackend } from './phases.ts'
import { runChaos } from './run-chaos.ts'

// npm run chaos -- [--rounds 100] [--seed 1] [--backend docker|embedded]: kills the engine again and again while agents
// work, and checks after each restart that nothing was lost and nothing stayed behind. The last line counts the violations.

compileOnce()
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' }, backend: { type: 'string', default: 'docker' } } })
const backend = values.backend as ChaosBackend
if (backend !== 'docker' && backend !== 'embedded') throw new Error('--backend is docker or embedded')
const rounds = Number(values.rounds)
const stop = new AbortController()
let interrupted = false
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    interrupted = true
    stop.abort()
  })
}

console.log(`chaos on ${backend}: ${rounds} rounds, seed ${values.seed}`)
const report = await runChaos({ rounds, seed: Number(values.seed), backend, say: console.log, signal: stop.signal })

console.log('')
const width = Math.max(...[...report.hits.keys()].map((name) => name.length))
console.log(`${'phase'.padEnd(width)}  hits`)
for (const { name } of phasesOf(backend)) console.log(`${name.padEnd(width)}  ${String(report.hits.get(name) ?? 0).padStart(4)}`)
console.log('')
for (const [what, count] of report.notes) console.log(`${count} x ${what}`)
for (const text of report.violations) console.log(`violation in ${text}`)
const missed = [...report.hits].filter(([, count]) => count < 3).map(([name]) => name)
if (report.rounds >= 100 && missed.length > 0) console.log(`phases hit fewer than 3 times: ${missed.join(', ')}`)
console.log(`${report.rounds} rounds, ${report.violations.length} violations`)
process.exitCode = interrupted ? 130 : report.violations.length > 0 || (report.rounds >= 100 && missed.length > 0) ? 1 : 0
