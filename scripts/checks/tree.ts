import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

/** What a check found: a file relative to the root, and what is wrong there. None: the check passes. */
export interface Finding {
  readonly file: string
  readonly problem: string
}

const skipped = new Set(['node_modules', 'out', '.cache', '.git', 'test-results'])

/** Files below `root`, relative and with forward slashes: git's, new ones included, or all where there is no git. */
export function filesOf(root: string): string[] {
  if (!existsSync(path.join(root, '.git'))) return walk(root, '').sort()
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' })
  // Git still lists what was deleted and not yet committed.
  return listed
    .split('\0')
    .filter((file) => file !== '' && existsSync(path.join(root, file)))
    .sort()
}

function walk(root: string, below: string): string[] {
  return readdirSync(path.join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const file = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : walk(root, file)
    return [file]
  })
}
