import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { diskError } from '../base/write-atomic.ts'

const prefix = '.berth-doctor-'
/** What a doctor that was killed half-way left behind belongs to nobody any more after this, ms. */
const abandoned = 120_000

/** A name in the home that nobody else has, for a moment. */
function probeName(): string {
  return `${prefix}${randomBytes(6).toString('hex')}`
}

/** Writes a file in the home, renames it, and takes it away again. Throws DISK_FULL or HOME_UNUSABLE. */
export async function tryToWrite(home: string, now: number): Promise<void> {
  const path = join(home, probeName())
  try {
    await sweep(home, now)
    await writeFile(path, 'Written by berth doctor, and to be removed.\n', { mode: 0o600, flag: 'wx' })
    await rename(path, `${path}.renamed`)
  } catch (error) {
    throw await diskError(error, path, 'write in its home')
  } finally {
    await Promise.all([rm(path, { force: true }), rm(`${path}.renamed`, { force: true })])
  }
}

/** Runs with an empty directory below `from`, which may be moved to the same name below `to`; afterwards both are gone. */
export async function withProbeDirectory<T>(
  { from, to, now }: { from: string; to: string; now: number },
  run: (made: string, moved: string) => Promise<T>,
): Promise<T> {
  const name = probeName()
  const made = join(from, name)
  const moved = join(to, name)
  try {
    await Promise.all([sweep(from, now), sweep(to, now)])
    await mkdir(made, { mode: 0o700 })
    return await run(made, moved)
  } catch (error) {
    throw await diskError(error, made, 'make a directory in its home')
  } finally {
    await Promise.all([made, moved].map((path) => rm(path, { recursive: true, force: true })))
  }
}

async function sweep(dir: string, now: number): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!name.startsWith(prefix)) continue
    const path = join(dir, name)
    const age = now - ((await stat(path).catch(() => null))?.mtimeMs ?? now) // gone meanwhile: its own doctor removed it
    if (Math.abs(age) > abandoned) await rm(path, { recursive: true, force: true })
  }
}
