// Runs one vitest project and writes what it found as JSON: `vitest-run.ts PROJECT REPORT [filter …]`. By vitest's API and
// not its command, as that one's own report leaves out how long a file took with its hooks, and errors outside of tests.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { startVitest, type TestModule } from 'vitest/node'
import { root } from '../lib/root.mjs'
import type { FileReport, VitestReport } from './vitest-suite.ts'

const [project = '', report = '', ...filters] = process.argv.slice(2)

const vitest = await startVitest(filters, {
  root,
  project,
  run: true,
  watch: false,
  passWithNoTests: true,
  reporters: [
    'default',
    {
      onTestRunEnd(modules, outside) {
        const written: VitestReport = { files: modules.map(fileReport), outside: outside.map((error) => firstLine(error.message)) }
        writeFileSync(report, JSON.stringify(written))
      },
    },
  ],
})
await vitest.close()

function fileReport(module: TestModule): FileReport {
  const { collectDuration, duration, environmentSetupDuration, prepareDuration, setupDuration } = module.diagnostic()
  return {
    file: path.relative(root, module.moduleId),
    seconds: (collectDuration + duration + environmentSetupDuration + prepareDuration + setupDuration) / 1000,
    // Of a file that could not be loaded, and of hooks.
    errors: [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())].map((error) => firstLine(error.message)),
    tests: [...module.children.allTests()].map((test) => {
      const { state, errors } = test.result()
      return { name: test.fullName, state, message: state === 'failed' ? firstLine(errors[0]?.message) : null }
    }),
  }
}

function firstLine(text: string | undefined): string {
  return (text ?? 'no message').split('\n')[0]?.slice(0, 300) ?? ''
}
