import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const cache = join(import.meta.dirname, '..', '..', '.cache', 'venvs')

/**
 * A virtual environment with these packages from PyPI, by its Python; made once and kept. uv fills it, in a second where pip
 * compiles for a minute; pip does where uv cannot. Where PyPI cannot be reached it fails with what pip said.
 */
export async function pythonWith(...packages: readonly string[]): Promise<string> {
  const place = join(cache, createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12))
  const python = join(place, 'bin', 'python')
  if (await isThere(join(place, 'complete'))) return python
  const tools = await installers()
  await rm(place, { recursive: true, force: true })
  await run('python3', ['-m', 'venv', '--without-pip', place], { timeout: 120_000 })
  await run(join(tools, 'uv'), ['pip', 'install', '--quiet', '--python', python, ...packages], { timeout: 100_000 }).catch(() =>
    run(join(tools, 'python'), ['-m', 'pip', '--python', python, ...quietly, ...packages], { timeout: 170_000 }),
  )
  await mkdir(join(place, 'making'))
  await rename(join(place, 'making'), join(place, 'complete'))
  return python
}

const quietly = ['install', '--quiet', '--disable-pip-version-check', '--no-compile']

/** The directory of a pip and, where there is one for this machine, a uv. Test files beside each other may make it at once: one is kept. */
async function installers(): Promise<string> {
  const place = join(cache, 'installers')
  if (await isThere(place)) return join(place, 'bin')
  await mkdir(cache, { recursive: true })
  const made = await mkdtemp(join(cache, 'making-'))
  try {
    await run('python3', ['-m', 'venv', made], { timeout: 120_000 })
    // Without it pip does its work, and says what is wrong where nothing can be had at all.
    await run(join(made, 'bin', 'python'), ['-m', 'pip', ...quietly, '--only-binary', ':all:', 'uv'], { timeout: 100_000 }).catch(() => undefined)
    await rename(made, place).catch(async (error: unknown) => {
      if (!(await isThere(place))) throw error
    })
  } finally {
    await rm(made, { recursive: true, force: true })
  }
  return join(place, 'bin')
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
