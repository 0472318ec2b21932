import { parseArgs } from 'node:util'
import { compileOnce } from '../support/compile-once.ts'
import { phasesOf, type ChaosBackend } from './phases.ts'
import { runChaos } from './run-chaos.ts'
import { runSuite, suiteNames, suitesOf, type SuiteName, type SuiteReport } from './suites.ts'

// npm run chaos -- [--rounds 100] [--seed 1] [--backend docker|embedded]: kills the engine again and again while agents
// work, and checks after each restart that nothing was lost and nothing stayed behind; then the suites of what else may
// happen. --suite NAME, which may come more than once: those alone; --suite none: the rounds alone. --pause: for how many
// seconds suites stop things. The last lines name the suites and count the violations.

compileOnce()
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    backend: { type: 'string', default: 'docker' },
    suite: { type: 'string', multiple: true, default: [] },
    pause: { type: 'string', default: '60' },
  },
})
const backend = values.backend as ChaosBackend
if (backend !== 'docker' && backend !== 'embedded') throw new Error('--backend is docker or embedded')
const named = values.suite.filter((name) => name !== 'none')
for (const name of named) if (!suiteNames.some((it) => it === name)) throw new Error(`--suite is none or of ${suiteNames.join(', ')}`)
const stop = new AbortController()
let interrupted = false
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    interrupted = true
    stop.abort()
  })
}

const rounds = named.length > 0 ? 0 : Number(values.rounds)
const failed = rounds > 0 && (await playRounds())
const reports: SuiteReport[] = []
for (const name of named.length > 0 ? (named as SuiteName[]) : values.suite.length > 0 ? [] : suitesOf(backend)) {
  if (interrupted) break
  console.log(`suite ${name}`)
  const report = await runSuite(name, Number(values.pause), console.log, stop.signal)
  // What was interrupted has neither passed nor failed.
  if (!stop.signal.aborted) reports.push(report)
}
for (const { name, passed, seconds } of reports) console.log(`suite ${name.padEnd(16)} ${passed ? 'passed' : 'FAILED'} (${seconds.toFixed(0)} s)`)
process.exitCode = interrupted ? 130 : failed || reports.some(({ passed }) => !passed) ? 1 : 0

/** Whether something was violated, or a phase not reached often enough. */
async function playRounds(): Promise<boolean> {
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
  return report.violations.length > 0 || (report.rounds >= 100 && missed.length > 0)
}
