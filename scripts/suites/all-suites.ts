// What `npm test` runs on Node 24. Arguments: --only a,b (just the vitest files whose path contains one of these),
// --ci (a missing part is a failure; the suites that touch the machine run again as an ordinary user).
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { binFile } from '../lib/child.mjs'
import { inRoot, say } from '../lib/root.mjs'
import { runCommand } from './command.ts'
import { machineParts } from './machine.ts'
import { secondUser } from './second-user.ts'
import { setUp } from './set-up.ts'
import { closingLine, none, oneFailed, onePassed, programTally, sum } from './tally.ts'
import type { Tally } from './tally.ts'
import { runVitest, type SuiteResult } from './vitest-suite.ts'

interface Row {
  readonly name: string
  readonly tally: Tally
  readonly seconds: number
  readonly notes: readonly string[]
  readonly files: SuiteResult['files']
}

/**
 * Programs beside the vitest suites: a few rounds of each, by exit code or by their own closing line. Chaos's suites by name are
 * among the vitest ones. Those of one lane run one after another, the lanes and the browsers beside each other: most of
 * their time they wait. The package is made with the Electron that the specs have fetched.
 */
const programs = [
  {
    name: 'chaos',
    file: 'test/chaos/chaos.ts',
    args: ['--rounds', '4', '--seed', '1', '--suite', 'none'],
    needs: ['docker', 'lite-image'],
    seconds: 900,
    lane: 1,
  },
  { name: 'electron', file: 'scripts/suites/electron-specs.ts', args: [], needs: ['electron-check', 'bubblewrap'], seconds: 1200, lane: 2 },
  { name: 'package', file: 'scripts/suites/electron-package.ts', args: [], needs: ['electron-check', 'bubblewrap'], seconds: 1200, lane: 2 },
  {
    name: 'chaos, embedded',
    file: 'test/chaos/chaos.ts',
    args: ['--rounds', '3', '--seed', '1', '--backend', 'embedded', '--suite', 'none'],
    needs: ['bubblewrap'],
    seconds: 600,
    lane: 1,
  },
]

/** What else runs as an ordinary user in CI: paths of the suites that depend on who runs them. */
const userSuites = ['unit/workspace/', 'unit/embedded/', 'integration/embedded/', 'integration/docker/isolation', 'integration/docker/create']

const { values } = parseArgs({ options: { only: { type: 'string' }, ci: { type: 'boolean', default: false } } })
const only = values.only?.split(',').filter((part) => part !== '') ?? []
if (values.ci) process.env['BERTH_REQUIRE'] = 'all'
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort(new Error(`ended by ${signal}`)))

const began = performance.now()
const rows: Row[] = []
const machine = await setUp(stop.signal)
try {
  for (const failure of machine.failures) rows.push({ name: `set-up: ${failure}`, tally: oneFailed, seconds: 0, notes: [], files: [] })
  const parts = await machineParts()
  const env = { BERTH_TEST_PARTS: JSON.stringify(parts) }
  if (only.length === 0) {
    await Promise.all([row('typecheck', () => check(binFile('tsc'), ['-b'], 180)), row('lint', () => check(inRoot('scripts', 'lint.mjs'), [], 180))])
  }
  await row('unit', () => runVitest('unit', { filters: only, seconds: 900, env, signal: stop.signal }))
  await row('integration', () => runVitest('integration', { filters: only, seconds: 2700, env, signal: stop.signal }))
  const runLane = async (lane: number) => {
    for (const program of only.length === 0 ? programs.filter((one) => one.lane === lane) : []) await row(program.name, () => runProgram(program, parts))
  }
  await Promise.all([
    row('e2e, browser', () => runVitest('e2e', { filters: only, seconds: 1200, env, signal: stop.signal })),
    runLane(1).then(async () => {
      if (values.ci) await row('as an ordinary user', () => secondUser(userSuites, stop.signal))
    }),
    runLane(2),
  ])
  // Alone: nothing beside it takes from what is measured.
  await row('e2e, measured', () => runVitest('measured', { filters: only, seconds: 600, env, signal: stop.signal }))
} finally {
  await machine.close()
}
report()

async function row(name: string, run: () => Promise<{ tally: Tally } & Partial<SuiteResult>>): Promise<void> {
  if (stop.signal.aborted) return
  say(`${name} ...`)
  const started = performance.now()
  const { tally, skips = [], failures = [], files = [] } = await run()
  const notes = [...skips.map((skip) => `skipped: ${skip}`), ...failures.map((failure) => `FAILED: ${failure}`)]
  rows.push({ name, tally, notes, files, seconds: (performance.now() - started) / 1000 })
}

async function check(file: string | null, args: readonly string[], seconds: number): Promise<{ tally: Tally }> {
  const end = file === null ? null : await runCommand(process.execPath, [file, ...args], { seconds, signal: stop.signal })
  return { tally: end?.code === 0 ? onePassed : oneFailed }
}

async function runProgram(program: (typeof programs)[number], parts: Record<string, string | null>) {
  const missing = program.needs.filter((part) => parts[part] !== null)
  const file = inRoot(program.file)
  if (!existsSync(file)) return { tally: none }
  if (missing.length > 0) {
    const skips = [`${program.name} [needs ${missing.map((part) => `${part}: ${parts[part]}`).join('; ')}]`]
    // It is no package that a machine could install: where it is not beside the clone the line says so, and nothing is held against it.
    return { tally: { ...none, skipped: missing.every((part) => part === 'electron-check') ? 0 : 1 }, skips }
  }
  const end = await runCommand(process.execPath, [file, ...program.args], { seconds: program.seconds, signal: stop.signal, quiet: true })
  // Whole, as another may be speaking.
  process.stdout.write(end.output)
  return { tally: programTally(end.output, end.code) }
}

function report(): void {
  const required = process.env['BERTH_REQUIRE']?.split(',').includes('all') ?? false
  console.log('')
  for (const { name, tally, seconds, notes } of rows) {
    console.log(`${name}: ${closingLine(tally)} (${seconds.toFixed(0)} s)`)
    for (const note of notes) console.log(`  ${note}`)
  }
  const slowest = rows
    .flatMap(({ files }) => files)
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, 10)
  console.log(`in ${((performance.now() - began) / 60_000).toFixed(1)} minutes; the slowest files:`)
  for (const { file, seconds } of slowest) console.log(`  ${seconds.toFixed(1).padStart(6)} s  ${file}`)
  if (stop.signal.aborted) console.log('ended by a signal before all suites had run')
  const counted = sum(rows.map(({ tally }) => tally))
  // Where everything is required, a skipped test is one that did not hold.
  const total = {
    passed: counted.passed,
    failed: counted.failed + (stop.signal.aborted ? 1 : 0) + (required ? counted.skipped : 0),
    skipped: required ? 0 : counted.skipped,
  }
  if (required && counted.skipped > 0) console.log(`${counted.skipped} skipped, where nothing may be: counted as failed`)
  console.log(closingLine(total))
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
}
