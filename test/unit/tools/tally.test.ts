import { describe, expect, it } from 'vitest'
import { closingLine, programTally, readClosingLine, sum } from '../../../scripts/suites/tally.ts'
import { failedFiles, heldThen, readReport, withSecondRun } from '../../../scripts/suites/vitest-report.ts'

const report = (files: { status: string; tests: string[] }[]) => ({
  testResults: files.map(({ status, tests }, at) => ({
    name: `file ${at}`,
    status,
    assertionResults: tests.map((test) => ({ ancestorTitles: ['engine [needs docker: none answers]'], title: `test ${test}`, status: test, failureMessages: test === 'failed' ? ['Error: why\n    at line 1'] : [] })),
  })),
})

describe('a vitest run', () => {
  it('counts its tests and names what it skipped', () => {
    const read = readReport(report([{ status: 'passed', tests: ['passed', 'passed', 'skipped'] }]), 0)
    expect(read).toMatchObject({ tally: { passed: 2, failed: 0, skipped: 1 }, skips: ['engine [needs docker: none answers]'], failures: [] })
  })
  it('fails for a file that could not be loaded', () => {
    expect(readReport(report([{ status: 'passed', tests: ['passed'] }, { status: 'failed', tests: [] }]), 1).tally).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })
  it('names what failed, and why', () => {
    const read = readReport(report([{ status: 'failed', tests: ['passed', 'failed'] }, { status: 'failed', tests: [] }]), 1)
    expect(read.failures).toEqual([expect.stringMatching(/file 0 > engine .* > test failed: Error: why$/), expect.stringMatching(/file 1: no message$/)])
  })
  it('lets a second run of a file stand for the first', () => {
    const first = report([{ status: 'passed', tests: ['passed'] }, { status: 'failed', tests: ['passed', 'failed'] }])
    expect(failedFiles(first)).toEqual(['file 1'])
    const well = { testResults: [{ ...first.testResults[1], name: 'file 1', status: 'passed', assertionResults: [] }] }
    expect(failedFiles(withSecondRun(first, well))).toEqual([])
    expect(failedFiles(withSecondRun(first, { testResults: first.testResults.slice(1) }))).toEqual(['file 1'])
    expect(withSecondRun(first, { testResults: [] })).toEqual(first)
    expect(heldThen(first, withSecondRun(first, well))).toEqual([expect.stringContaining('test failed: Error: why')])
    expect(heldThen(first, first)).toEqual([])
  })
  it('counts a failed test once', () => {
    expect(readReport(report([{ status: 'failed', tests: ['passed', 'failed'] }]), 1).tally).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })
  it('fails when it ended badly with every test passed', () => {
    expect(readReport(report([{ status: 'passed', tests: ['passed'] }]), 1).tally.failed).toBe(1)
    expect(readReport(report([{ status: 'passed', tests: ['passed'] }]), null).tally.failed).toBe(1)
  })
  it('fails when it ran no test or wrote no report', () => {
    expect(readReport(report([]), 0).tally.failed).toBe(1)
    expect(readReport(report([]), 0, { mayBeEmpty: true }).tally.failed).toBe(0)
    expect(readReport(report([]), 1, { mayBeEmpty: true }).tally.failed).toBe(1)
    expect(readReport(null, 0).tally.failed).toBe(1)
  })
})

describe('a program', () => {
  it('is one check by its exit code when it counts nothing', () => {
    expect(programTally('all well\n', 0)).toEqual({ passed: 1, failed: 0, skipped: 0 })
    expect(programTally('', 1)).toEqual({ passed: 0, failed: 1, skipped: 0 })
    expect(programTally('', null)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })
  it('is taken at its last closing line', () => {
    expect(programTally('1 passed, 0 failed\nmore\nTOTAL: 7 passed, 2 failed, 3 skipped\n', 1)).toEqual({ passed: 7, failed: 2, skipped: 3 })
  })
  it('is not believed when it ends badly after counting no failure', () => {
    expect(programTally('7 passed, 0 failed\n', 137).failed).toBe(1)
  })
})

describe('the closing line', () => {
  it('can be read back', () => {
    const total = sum([{ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 }])
    expect(closingLine(total)).toBe('11 passed, 22 failed, 33 skipped')
    expect(readClosingLine(`${closingLine(total)}\n`)).toEqual(total)
    expect(closingLine({ passed: 4, failed: 0, skipped: 0 })).toBe('4 passed, 0 failed')
  })
})
