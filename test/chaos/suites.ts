import { runCommand } from '../../scripts/suites/command.ts'
import type { ChaosBackend } from './phases.ts'

/** What may happen to a machine beside a kill, and a kill at every step of a claim: files of `npm test`, run here by name and for longer. */
interface Suite {
  /** Below test/integration. */
  readonly file: string
  /** How its tests' names begin. */
  readonly tests: string
  readonly backends: readonly ChaosBackend[]
}

const suites = {
  claim: { file: 'slots/crash', tests: 'a claim', backends: ['docker'] },
  suspend: { file: 'faults/container-engine', tests: 'suspend', backends: ['docker'] },
  hang: { file: 'faults/container-engine', tests: 'hang', backends: ['docker'] },
  'machine-restart': { file: 'faults/container-engine', tests: 'machine-restart', backends: ['docker'] },
  upgrade: { file: 'faults/upgrade', tests: 'upgrade', backends: ['docker', 'embedded'] },
  'full-disk': { file: 'faults/full-disk', tests: 'full disk', backends: ['docker', 'embedded'] },
} as const satisfies Record<string, Suite>

export type SuiteName = keyof typeof suites
export const suiteNames = Object.keys(suites) as SuiteName[]

export interface SuiteReport {
  readonly name: SuiteName
  readonly passed: boolean
  readonly seconds: number
}

export const suitesOf = (backend: ChaosBackend): SuiteName[] => suiteNames.filter((name) => suites[name].backends.some((it) => it === backend))

/** `pause`: seconds for which something is stopped or hangs. */
export async function runSuite(name: SuiteName, pause: number, say: (line: string) => void, signal: AbortSignal): Promise<SuiteReport> {
  const { file, tests } = suites[name]
  const began = performance.now()
  const patience = String((pause + 300) * 1000)
  // Its whole group ends with it, also when it is interrupted: an engine under test would go on, and its sandboxes with it.
  const { code, output } = await runCommand(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      'integration',
      `test/integration/${file}.test.ts`,
      '-t',
      tests,
      '--testTimeout',
      patience,
      '--hookTimeout',
      patience,
    ],
    { seconds: 3600, quiet: true, env: { BERTH_REQUIRE: 'all', BERTH_CHAOS_PAUSE: String(pause), NO_COLOR: '1' }, signal },
  )
  const passed = code === 0
  if (!passed && !signal.aborted) say(output)
  return { name, passed, seconds: (performance.now() - began) / 1000 }
}
