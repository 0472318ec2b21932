import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { inRoot } from '../lib/root.mjs'
import { runCommand } from './command.ts'
import { readReport } from './vitest-report.ts'
import type { SuiteResult, VitestReport } from './vitest-report.ts'

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
