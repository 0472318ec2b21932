import { spawnSync } from 'node:child_process'
import type { Finding } from './tree.ts'

/**
 * Patches that take a guard out (`npm run mutants`) must apply to the tree as it is: one that no longer does would test
 * nothing, and nobody would know before the mutants run again.
 */
export function checkPatches(root: string, files: readonly string[]): Finding[] {
  return files
    .filter((file) => file.endsWith('.patch'))
    .flatMap((file) => {
      const { status, stderr, error } = spawnSync('git', ['apply', '--check', file], { cwd: root, encoding: 'utf8' })
      if (status === 0) return []
      return [{ file, problem: `does not apply: ${error?.message ?? stderr.split('\n')[0] ?? ''}` }]
    })
}
