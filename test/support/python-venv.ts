import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const cache = join(import.meta.dirname, '..', '..', '.cache', 'venvs')

/**
 * A virtual environment with these packages from PyPI, by its Python; made once and kept. Where PyPI cannot be reached it
 * fails with what pip said.
 */
export async function pythonWith(...packages: readonly string[]): Promise<string> {
  const place = join(cache, createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12))
  const python = join(place, 'bin', 'python')
  if (await stat(join(place, 'complete')).then(() => true, () => false)) return python
  await rm(place, { recursive: true, force: true })
  await mkdir(cache, { recursive: true })
  await run('python3', ['-m', 'venv', place], { timeout: 120_000 })
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], { timeout: 170_000 })
  await mkdir(join(place, 'making'))
  await rename(join(place, 'making'), join(place, 'complete'))
  return python
}
