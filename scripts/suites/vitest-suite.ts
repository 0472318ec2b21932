import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { binFile } from '../lib/child.mjs'
import { inRoot, say } from '../lib/root.mjs'
import { runCommand } from './command.ts'
import { failedFiles, heldThen, readReport, withSecondRun } from './vitest-report.ts'
import type { SuiteResult, VitestReport } from './vitest-report.ts'

/** With more failed files than this it is not the machine's noise, and a second run would only take time. */
const secondRunUpTo = 4

interface Options {
  filters: readonly string[]
  seconds: number
  env: NodeJS.ProcessEnv
  signal: AbortSignal
  /** Drives real engines, browsers and clocks, on a machine that others may use too. */
  real: boolean
}

/**
 * Runs vitest on a project's files, only those whose path contains one of `filters` if there are any. Of a `real` suite a
 * few files that failed run once more, by themselves. What failed and then held is said at the end, so that it is no
 * secret; what fails twice has failed.
 */
export async function runVitest(project: string, options: Options): Promise<SuiteResult> {
  const first = await run(project, options)
  const failed = first.report === null ? [] : failedFiles(first.report)
  const worthIt = options.real && failed.length > 0 && failed.length <= secondRunUpTo && !first.outside && !options.signal.aborted
  if (first.report === null || !worthIt) return readReport(first.report, first.code, { mayBeEmpty: options.filters.length > 0 })
  say(`${project}: once more, by themselves: ${failed.map((file) => path.basename(file)).join(', ')} ...`)
  const again = await run(project, { ...options, filters: failed })
  if (again.report === null) return readReport(first.report, first.code)
  const after = withSecondRun(first.report, again.report)
  return { ...readReport(after, again.code), secondTime: heldThen(first.report, after) }
}

/** `outside`: an error that belongs to no test, which the report does not hold. */
async function run(project: string, options: Options): Promise<{ report: VitestReport | null; code: number | null; outside: boolean }> {
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
  const text = readIfThere(file)
  return { report: text === null ? null : (JSON.parse(text) as VitestReport), code: end.code, outside: /Unhandled (Errors|Rejection)/.test(end.output) }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
