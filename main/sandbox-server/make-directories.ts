import { dirname } from 'node:path'
import { mkdir, stat } from './disk.ts'
import { errorCode } from './file-error.ts'

/**
 * A directory and those above it. Not `mkdir` with `recursive`: below /proc, where a directory can neither be made nor
 * is missing for good, Node 24 tries for ever.
 */
export async function makeDirectories(path: string): Promise<void> {
  if (await made(path)) return
  if (dirname(path) !== path) await makeDirectories(dirname(path))
  if (await made(path)) return
  // Its parent is there and takes no directories: the system's own word for it.
  await mkdir(path)
}

async function made(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT') return false
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return true
    throw error
  }
}
