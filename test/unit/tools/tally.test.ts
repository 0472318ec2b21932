import { describe, expect, it } from 'vitest'
import { closingLine, programTally, readClosingLine, sum } from '../../../scripts/suites/tally.ts'
import { readReport, type FileReport } from '../../../scripts/suites/vitest-suite.ts'

type State = FileReport['tests'][number]['state']

const report = (files: { errors?: string[]; tests: State[] }[], outside: string[] = []) => ({
  files: files.map(({ errors = [], tests }, at) => ({
    file: `file ${at}`,
    seconds: at,
    errors,
    tests: tests.map((state) => ({ name: `engine [needs docker: none answers] > test ${state}`, state, message: state === 'failed' ? 'Error: why' : null })),
  })),
  outside,
})

describe('a vitest run', () => {
  it('counts its tests and names what it skipped', () => {
    const read = readReport(report([{ tests: ['passed', 'passed', 'skipped'] }]), 0)
    expect(read).toMatchObject({
      tally: { passed: 2, failed: 0, skipped: 1 },
      skips: ['engine [needs docker: none answers]'],
      failures: [],
      files: [{ file: 'file 0', seconds: 0 }],
    })
  })
  it('fails for a file that could not be loaded, and for an error outside of every test', () => {
    expect(readReport(report([{ tests: ['passed'] }, { errors: ['SyntaxError'], tests: [] }]), 1).tally).toEqual({ passed: 1, failed: 1, skipped: 0 })
    expect(readReport(report([{ tests: ['passed'] }], ['late']), 1)).toMatchObject({
      tally: { passed: 1, failed: 1 },
      failures: ['outside of every test: late'],
    })
  })
  it('names what failed, and why', () => {
    const read = readReport(report([{ tests: ['passed', 'failed'] }, { errors: ['no such module'], tests: [] }]), 1)
    expect(read.failures).toEqual(['file 0 > engine [needs docker: none answers] > test failed: Error: why', 'file 1: no such module'])
  })
  it('counts a failed test once', () => {
    expect(readReport(report([{ tests: ['passed', 'failed'] }]), 1).tally).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })
  it('fails when it ended badly with every test passed', () => {
    expect(readReport(report([{ tests: ['passed'] }]), 1).tally.failed).toBe(1)
    expect(readReport(report([{ tests: ['passed'] }]), null).tally.failed).toBe(1)
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
    const total = sum([
      { passed: 1, failed: 2, skipped: 3 },
      { passed: 10, failed: 20, skipped: 30 },
    ])
    expect(closingLine(total)).toBe('11 passed, 22 failed, 33 skipped')
    expect(readClosingLine(`${closingLine(total)}\n`)).toEqual(total)
    expect(closingLine({ passed: 4, failed: 0, skipped: 0 })).toBe('4 passed, 0 failed')
  })
})
