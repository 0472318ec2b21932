import path from 'node:path'
import { root } from '../lib/root.mjs'
import type { Tally } from './tally.ts'

/** What is used of vitest's JSON report, which is Jest's. */
export interface VitestReport { readonly testResults: readonly FileResult[] }

interface FileResult {
  readonly name: string
  readonly status: string
  readonly message?: string
  readonly assertionResults: readonly {
    readonly ancestorTitles: readonly string[]
    readonly title: string
    readonly status: string
    readonly failureMessages?: readonly string[] | null
  }[]
}

export interface SuiteResult {
  readonly tally: Tally
  /** Skipped suites, by name with the reason. */
  readonly skips: readonly string[]
  /** What failed: file, test and the first line of what was said. */
  readonly failures: readonly string[]
  /** What failed, and held when its file ran once more by itself. */
  readonly secondTime: readonly string[]
}

const nothingRan: SuiteResult = { tally: { passed: 0, failed: 1, skipped: 0 }, skips: [], failures: ['the runner wrote no report'], secondTime: [] }

/**
 * From the report (null: vitest wrote none) and vitest's exit code. Whatever ended badly counts as failed, and so does
 * a run without any test, unless what was asked for may be in another project.
 */
export function readReport(report: VitestReport | null, code: number | null, { mayBeEmpty = false } = {}): SuiteResult {
  if (report === null) return nothingRan
  const { testResults } = report
  const tests = testResults.flatMap((file) => file.assertionResults)
  const count = (status: string) => tests.filter((test) => test.status === status).length
  const passed = count('passed')
  const failures = testResults.flatMap(failuresOf).map(toLine)
  // An error outside every test, or a run without any.
  if (failures.length === 0 && (code !== 0 || (tests.length === 0 && !mayBeEmpty))) failures.push('an error outside of every test, or no test at all')
  const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed')
  const skips = [...new Set(skipped.map((test) => test.ancestorTitles[0] ?? test.title))]
  return { tally: { passed, failed: failures.length, skipped: skipped.length }, skips, failures, secondTime: [] }
}

/** Files with a failed test, or that could not be loaded, or whose hooks failed. */
export const failedFiles = (report: VitestReport): string[] => report.testResults.filter((file) => failuresOf(file).length > 0).map((file) => file.name)

/** The first report with those files replaced that ran again. */
export function withSecondRun(first: VitestReport, second: VitestReport): VitestReport {
  const again = new Map(second.testResults.map((file) => [file.name, file]))
  return { testResults: first.testResults.map((file) => again.get(file.name) ?? file) }
}

/** What failed in the first report and not in the one after the second run. */
export function heldThen(first: VitestReport, after: VitestReport): string[] {
  // By test: the same one may fail with another message.
  const still = new Set(after.testResults.flatMap(failuresOf).map(({ test }) => test))
  return first.testResults.flatMap(failuresOf).filter(({ test }) => !still.has(test)).map(toLine)
}

interface Failure { readonly test: string; readonly message: string }

function failuresOf(file: FileResult): Failure[] {
  const name = path.relative(root, file.name)
  const failed = file.assertionResults.filter((test) => test.status === 'failed')
  if (failed.length > 0) return failed.map((test) => ({ test: [name, ...test.ancestorTitles, test.title].join(' > '), message: firstLine(test.failureMessages?.[0]) }))
  // A file that could not be loaded, or whose hooks failed, has no failed test of its own.
  return file.status === 'failed' ? [{ test: name, message: firstLine(file.message) }] : []
}

const toLine = ({ test, message }: Failure): string => `${test}: ${message}`
const firstLine = (text: string | undefined): string => (text ?? 'no message').split('\n')[0]?.slice(0, 300) ?? ''
