import { defineConfig } from 'vitest/config'

/** They say how long something takes in a browser. */
const measured = ['test/e2e/web/latency.test.ts', 'test/e2e/web/page-load.test.ts']

export default defineConfig({
  test: {
    globalSetup: ['test/support/probe-parts.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/sim/**/*.test.ts'], maxWorkers: '100%', testTimeout: 30_000, hookTimeout: 60_000 },
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
          maxWorkers: 3,
          expect: { poll: { timeout: 15_000 } },
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
