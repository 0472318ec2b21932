import { stat } from 'node:fs/promises'
import { spawnForAgent } from './agent-process.ts'
import { lane } from './lane.ts'

/** One thread at most, for as long as a local disk needs on a machine that is busy. */
const soon = lane(1, 1000, () => new TooLate())
const boundMs = 5_000

class TooLate extends Error {}

/**
 * Whether a command can start there. Apart from the places of file operations, so that these never hold up a command; and
 * where the answer does not come at once (a mount whose server is gone), it is asked for in a process that can be ended.
 */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await soon(() => stat(path))).isDirectory()
  } catch (error) {
    return error instanceof TooLate ? await isDirectoryElsewhere(path) : false
  }
}

async function isDirectoryElsewhere(path: string): Promise<boolean> {
  const child = spawnForAgent('bash', ['-c', 'test -d "$1"', 'test', path], { cwd: '/', stdio: 'ignore' })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  child.once('error', () => resolve(false))
  child.once('exit', (code) => resolve(code === 0))
  // Not waited for beyond that: a process in such a call may not even take the signal.
  const timer = setTimeout(() => {
    child.kill('SIGKILL')
    resolve(false)
  }, boundMs)
  const found = await promise
  clearTimeout(timer)
  return found
}
