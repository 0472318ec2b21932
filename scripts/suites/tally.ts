/** How many checks passed, failed, were skipped. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const none: Tally = { passed: 0, failed: 0, skipped: 0 }
export const onePassed: Tally = { passed: 1, failed: 0, skipped: 0 }
export const oneFailed: Tally = { passed: 0, failed: 1, skipped: 0 }

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }), none)
}

/** `N passed, N failed`, and `, N skipped` where some were: the line that a run closes with. */
export function closingLine(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed${tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''}`
}

/** The last closing line in what a program printed, null if it printed none. */
export function readClosingLine(output: string): Tally | null {
  const last = [...output.matchAll(/^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/gm)].at(-1)
  return last ? { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3] ?? 0) } : null
}

/** A program's count: what it says itself, or its exit code as one check; a bad end without a failure is one. */
export function programTally(output: string, code: number | null): Tally {
  const said = readClosingLine(output)
  if (said === null) return code === 0 ? onePassed : oneFailed
  return code !== 0 && said.failed === 0 ? { ...said, failed: 1 } : said
}
