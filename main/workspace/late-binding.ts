import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Moves a directory that a running sandbox has mounted, and writes a word into it afterwards: a sandbox that then reads
 * the word follows the move. Whoever calls reads, and takes the file away. A failure leaves the directory where it was.
 */
export async function moveAndSay({ made, moved, file, word, mode }: { made: string; moved: string; file: string; word: string; mode: number }): Promise<void> {
  await rename(made, moved)
  const path = join(moved, file)
  try {
    // Whole when it appears, so that no half of it is read.
    await writeFile(`${path}.tmp`, word, { mode })
    await rename(`${path}.tmp`, path)
  } catch (error) {
    await rm(`${path}.tmp`, { force: true })
    await rename(moved, made)
    throw error
  }
}
