import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { binFile } from '../lib/child.mjs'
import { inRoot } from '../lib/root.mjs'
import { runCommand } from './command.ts'
import type { Tally } from './tally.ts'

/** What is used of vitest's JSON report, which is Jest's. */
interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly ancestorTitles: readonly string[]; readonly title: string; readonly status: string }[]
  }[]
}

export interface SuiteResult { readonly tally: Tally; /** Skipped suites, by name with the reason. */ readonly skips: readonly string[] }

/** Runs vitest on a project's files, only those whose path contains one of `filters` if there are any. */
export async function runVitest(project: string, options: {
  filters: readonly string[]
  seconds: number
  env: NodeJS.ProcessEnv
  signal: AbortSignal
}): Promise<SuiteResult> {
  const file = inRoot('.cache', 'reports', `${project}.json`)
  mkdirSync(path.dirname(file), { recursive: true })
  rmSync(file, { force: true })
  const vitest = binFile('vitest') ?? 'vitest'
  const end = await runCommand(
    process.execPath,
    [vitest, 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...(options.filters.length > 0 ? ['--passWithNoTests'] : []), ...options.filters],
    { seconds: options.seconds, env: options.env, signal: options.signal },
  )
  if (end.timedOut) console.log(`${project}: not finished after ${options.seconds} s; killed`)
  return readReport(readIfThere(file), end.code, { mayBeEmpty: options.filters.length > 0 })
}

/**
 * From the report's text (null: vitest wrote none) and vitest's exit code. Whatever ended badly counts as failed, and so does
 * a run without any test, unless what was asked for may be in another project.
 */
export function readReport(text: string | null, code: number | null, { mayBeEmpty = false } = {}): SuiteResult {
  if (text === null) return { tally: { passed: 0, failed: 1, skipped: 0 }, skips: [] }
  const { testResults } = JSON.parse(text) as Report
  const tests = testResults.flatMap((file) => file.assertionResults)
  const count = (status: string) => tests.filter((test) => test.status === status).length
  const passed = count('passed')
  // A file that could not be loaded, or whose hooks failed, has no failed test of its own.
  const broken = testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'))
  let failed = count('failed') + broken.length
  // An error outside every test, or a run without any.
  if (failed === 0 && (code !== 0 || (tests.length === 0 && !mayBeEmpty))) failed = 1
  const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed')
  const skips = [...new Set(skipped.map((test) => test.ancestorTitles[0] ?? test.title))]
  return { tally: { passed, failed, skipped: skipped.length }, skips }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
