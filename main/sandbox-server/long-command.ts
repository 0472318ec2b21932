import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RequestError } from './reply.ts'

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

/** A command that is too long for an argument, as one that is not: `line` reads it from descriptor 3, which then is closed. */
export interface LongScript {
  readonly line: string
  readonly descriptor: number
  close(): void
}

/**
 * By `eval` and not as the file of a script, so that `$0`, standard input, BASH_SOURCE and the numbers of lines are those
 * of `bash -c`. The file has lost its name before anything runs.
 */
export async function longScript(command: string): Promise<LongScript> {
  const path = await longCommandFile(command)
  if (path === null) {
    throw new RequestError(
      400,
      `The command has ${Buffer.byteLength(command)} bytes, for which there is no room in ${tmpdir()}`,
      'Delete files in the sandbox, or give a shorter command',
    )
  }
  const descriptor = openSync(path, 'r')
  await forget(path)
  return {
    line: 'LC_ALL=C IFS= read -r -d "" __berth_c <&3; exec 3<&-; eval "$__berth_c"',
    descriptor,
    close: () => closeSync(descriptor),
  }
}
