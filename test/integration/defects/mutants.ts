// npm run mutants [-- --only d07[,d08]]: takes each defect's guard out of a copy of this tree, and expects its test to fail.
import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { runCommand } from '../../../scripts/suites/command.ts'
import { machineParts } from '../../../scripts/suites/machine.ts'
import { partsVariable } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** `survived` and everything below it is a failure of this program. */
type Verdict = 'passes' | 'killed' | 'survived' | 'fails unpatched' | 'no patch' | 'does not apply' | 'does not compile' | 'did not run'

interface Row {
  readonly defect: string
  readonly what: string
  readonly verdict: Verdict
  readonly seconds: number
  readonly text: string
}

interface Report {
  readonly testResults: readonly {
    readonly message?: string
    readonly assertionResults: readonly { readonly status: string; readonly failureMessages?: readonly string[] }[]
  }[]
}

const defects = 'test/integration/defects'
const root = join(import.meta.dirname, '..', '..', '..')
/** A test with its guard out may run into its own deadlines; beyond this it hangs. */
const testSeconds = 240

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { only: { type: 'string' } } })
  const only = values.only?.toLowerCase().split(',')
  const files = (await readdir(join(root, defects))).toSorted()
  const tests = files.filter((file) => /^d\d\d-.*\.test\.ts$/.test(file) && (!only || only.includes(file.slice(0, 3))))
  if (tests.length === 0) {
    console.error(`mutants: there is no test of ${values.only ?? 'any defect'} in ${defects}`)
    return 64
  }
  process.env[partsVariable] ??= JSON.stringify(await machineParts())
  const place = await tempDir('mutants')
  const rows: Row[] = []
  try {
    await copyTree(place.path)
    for (const test of tests) {
      const patches = files.filter((file) => file.endsWith('.patch') && file.startsWith(test.slice(0, 4)))
      for await (const row of tryTest(place.path, test, patches)) {
        rows.push(row)
        console.log(line(row))
      }
    }
  } finally {
    await place.remove()
  }
  return summary(rows)
}

async function* tryTest(tree: string, test: string, patches: readonly string[]): AsyncGenerator<Row> {
  const defect = test.slice(0, 3)
  const whole = await runTest(tree, test)
  const what = test.replace('.test.ts', '')
  if (whole.verdict !== 'survived') return yield { ...whole, defect, what, verdict: whole.verdict === 'killed' ? 'fails unpatched' : whole.verdict }
  yield { ...whole, defect, what, verdict: patches.length === 0 ? 'no patch' : 'passes' }
  for (const patch of patches) {
    const about = { defect, what: patch, seconds: 0 }
    const file = join(tree, defects, patch)
    const applied = git(tree, ['apply', file])
    if (applied !== null) {
      yield { ...about, verdict: 'does not apply', text: applied }
      continue
    }
    // Guards are in main/ only, and the rest of a tree in the middle of a change says nothing about them.
    const compiled = await runCommand(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'main'], { cwd: tree, seconds: 300, quiet: true })
    if (compiled.code === 0) yield { ...about, ...(await runTest(tree, test)) }
    else yield { ...about, verdict: 'does not compile', text: firstLine(compiled.output) }
    const back = git(tree, ['apply', '--reverse', file])
    if (back !== null) throw new Error(`${patch} could not be taken back: ${back}`)
  }
}

/** `killed` if a test of the file failed, `survived` if all passed. A file that could not be loaded says nothing of its guard. */
async function runTest(tree: string, test: string): Promise<{ verdict: Verdict; seconds: number; text: string }> {
  const report = join(tree, '.cache', 'mutant.json')
  await rm(report, { force: true })
  const began = performance.now()
  const ended = await runCommand(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--root',
      tree,
      '--project',
      'integration',
      '--reporter=json',
      `--outputFile=${report}`,
      `${defects}/${test}`,
    ],
    { cwd: tree, seconds: testSeconds, quiet: true },
  )
  const seconds = (performance.now() - began) / 1000
  if (ended.timedOut) return { verdict: 'did not run', seconds, text: `not finished after ${testSeconds} s` }
  const text = await readFile(report, 'utf8').catch(() => null) // vitest itself failed: what it said is the answer
  const { testResults } = JSON.parse(text ?? '{"testResults":[]}') as Report
  const results = testResults.flatMap(({ assertionResults }) => assertionResults)
  const failed = results.filter(({ status }) => status === 'failed')
  if (failed.length > 0) return { verdict: 'killed', seconds, text: firstLine(failed[0]?.failureMessages?.[0] ?? '') }
  if (ended.code === 0 && results.length > 0 && results.every(({ status }) => status === 'passed')) return { verdict: 'survived', seconds, text: '' }
  const skipped = results.some(({ status }) => status !== 'passed')
  return {
    verdict: 'did not run',
    seconds,
    text: skipped ? 'it was skipped: this machine lacks what it needs' : firstLine(testResults[0]?.message ?? ended.output),
  }
}

/** Sources as they are now, committed or not, and the built server that the lite image is made of. Packages are linked. */
async function copyTree(to: string): Promise<void> {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 })
  if (listed.status !== 0) throw new Error(`git ls-files: ${listed.stderr}`)
  for (const file of new Set([...listed.stdout.split('\0'), 'out/sandbox-server.mjs'])) {
    if (file === '') continue
    await mkdir(dirname(join(to, file)), { recursive: true })
    try {
      await copyFile(join(root, file), join(to, file))
    } catch (error) {
      // Deleted but still in the index: not there for the tests either.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  await symlink(join(root, 'node_modules'), join(to, 'node_modules'))
}

/** What git had against it, or null. */
function git(cwd: string, args: string[]): string | null {
  const { status, stderr } = spawnSync('git', args, { cwd, encoding: 'utf8' })
  return status === 0 ? null : firstLine(stderr)
}

function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .find((one) => one.trim() !== '')
      ?.trim()
      .slice(0, 140) ?? ''
  )
}

function line({ defect, what, verdict, seconds, text }: Row): string {
  return `${defect}  ${what.padEnd(38)} ${verdict.padEnd(16)} ${`${seconds.toFixed(1)} s`.padStart(7)}  ${text}`.trimEnd()
}

function summary(rows: readonly Row[]): number {
  const count = (...verdicts: Verdict[]) => rows.filter(({ verdict }) => verdicts.includes(verdict)).length
  const bad = rows.filter(({ verdict }) => verdict !== 'passes' && verdict !== 'killed')
  if (bad.length > 0) console.log(`\nTo be looked at:\n${bad.map(line).join('\n')}`)
  const broken = bad.length - count('survived')
  console.log(`\n${count('killed')} killed, ${count('survived')} survived${broken > 0 ? `, ${broken} broken` : ''}`)
  return bad.length === 0 ? 0 : 1
}
