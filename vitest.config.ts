import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** They say how long something takes in a browser. */
const measured = ['test/e2e/web/latency.test.ts', 'test/e2e/web/page-load.test.ts']

/** What takes a minute and more begins first: at the end nobody waits for one file alone. */
const longest = [
  'slots/crash',
  'faults/container-engine',
  'remote/two-berths',
  'slots/slots',
  'renderer/sandboxes',
  'sandbox-port/python-sdk',
  'renderer/frame',
  'dialect/holds',
  'remote/kubernetes',
  'web/access',
]
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((name) => moduleId.endsWith(`${name}.test.ts`))
      return at < 0 ? longest.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    globalSetup: ['test/support/probe-parts.ts'],
    sequence: { sequencer: LongestFirst },
    // As every deadline here: says "hung", not "slow".
    expect: { poll: { timeout: 45_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/sim/**/*.test.ts'],
          maxWorkers: '100%',
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          // Real containers on a machine that may be slow and shared: a deadline here says "hung", not "slow".
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // One container engine behind them all, often two cores; some wait more than they work.
          maxWorkers: 4,
          // What is imported is read once a worker: a sixth of the time. No file here puts anything in the place of a module.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/web/**/*.test.ts'],
          exclude: measured,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'measured',
          include: measured,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // A browser and an engine each: one at a time, so that what is measured is theirs.
          maxWorkers: 1,
        },
      },
    ],
  },
})
