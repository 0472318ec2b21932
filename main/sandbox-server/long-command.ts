import { randomBytes } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Writes a command that is too long for where it would else go to a file, ended by NUL as `read -d ""` wants it. Null where
 * it cannot be written.
 */
export async function longCommandFile(command: string): Promise<string | null> {
  const path = join(tmpdir(), `berth-command-${randomBytes(9).toString('hex')}`)
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(`${command}\0`)
    } finally {
      await file.close()
    }
    return path
  } catch (error) {
    console.error('sandbox-server: a long command goes without a file:', error)
    await forget(path)
    return null
  }
}

/** Whoever needed it has read it. */
export async function forget(path: string | null): Promise<void> {
  if (path !== null) await rm(path, { force: true }).catch((error: unknown) => console.error('sandbox-server: a command is left in a file:', error))
}
