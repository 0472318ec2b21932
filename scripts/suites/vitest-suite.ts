import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { inRoot } from '../lib/root.mjs'
import { runCommand } from './command.ts'
import type { Tally } from './tally.ts'

/** What vitest-run.ts writes of one run. */
export interface VitestReport {
  readonly files: readonly FileReport[]
  /** Errors that belong to no file, by the first line of their message. */
  readonly outside: readonly string[]
}

export interface FileReport {
  /** Relative to the clone's root. */
  readonly file: string
  /** With its imports and hooks. */
  readonly seconds: number
  /** Of a file that could not be loaded, or whose hooks failed; first lines. */
  readonly errors: readonly string[]
  readonly tests: readonly { readonly name: string; readonly state: 'passed' | 'failed' | 'skipped' | 'pending'; readonly message: string | null }[]
}

export interface SuiteResult {
  readonly tally: Tally
  /** Skipped suites, by name with the reason. */
  readonly skips: readonly string[]
  /** What failed: file, test and the first line of what was said. */
  readonly failures: readonly string[]
  readonly files: readonly { readonly file: string; readonly seconds: number }[]
}

const nothingRan: SuiteResult = { tally: { passed: 0, failed: 1, skipped: 0 }, skips: [], failures: ['the runner wrote no report'], files: [] }

/**
 * From the report (null: none was written) and the exit code. Whatever ended badly counts as failed, and so does a run
 * without any test, unless what was asked for may be in another project.
 */
export function readReport(report: VitestReport | null, code: number | null, { mayBeEmpty = false } = {}): SuiteResult {
  if (report === null) return nothingRan
  const tests = report.files.flatMap((file) => file.tests)
  const failures = [...report.files.flatMap(failuresOf), ...report.outside.map((message) => `outside of every test: ${message}`)]
  if (failures.length === 0 && (code !== 0 || (tests.length === 0 && !mayBeEmpty)))
    failures.push('it ended badly without a failed test, or held no test at all')
  const skipped = tests.filter(({ state }) => state !== 'passed' && state !== 'failed')
  return {
    tally: { passed: tests.filter(({ state }) => state === 'passed').length, failed: failures.length, skipped: skipped.length },
    // The outermost suite carries the reason; a file's tests are skipped together.
    skips: [...new Set(skipped.map(({ name }) => name.split(' > ')[0] ?? name))],
    failures,
    files: report.files.map(({ file, seconds }) => ({ file, seconds })),
  }
}

function failuresOf({ file, errors, tests }: FileReport): string[] {
  const failed = tests.filter(({ state }) => state === 'failed')
  return [...failed.map(({ name, message }) => `${file} > ${name}: ${message ?? 'no message'}`), ...errors.map((message) => `${file}: ${message}`)]
}

interface Options {
  filters: readonly string[]
  seconds: number
  env: NodeJS.ProcessEnv
  signal: AbortSignal
}

/** Runs vitest on a project's files, only those whose path contains one of `filters` if there are any. Each runs once: what fails has failed. */
export async function runVitest(project: string, { filters, seconds, env, signal }: Options): Promise<SuiteResult> {
  const report = inRoot('.cache', 'reports', `${project}.json`)
  mkdirSync(path.dirname(report), { recursive: true })
  rmSync(report, { force: true })
  const end = await runCommand(process.execPath, [inRoot('scripts', 'suites', 'vitest-run.ts'), project, report, ...filters], { seconds, env, signal })
  if (end.timedOut) console.log(`${project}: not finished after ${seconds} s; killed`)
  const text = readIfThere(report)
  return readReport(text === null ? null : (JSON.parse(text) as VitestReport), end.code, { mayBeEmpty: filters.length > 0 })
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
