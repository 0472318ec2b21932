import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * `npm start` is npm, a shell, this process, the program, and nobody tells this process what happens to the first
 * two: npm passes SIGTERM to the shell, which just dies of it; killed with SIGKILL, npm leaves the rest behind. So it
 * looks. The shell gone means that npm was asked to end, npm gone under a living shell that it was killed.
 * @param {import('node:child_process').ChildProcess} child
 * @param {ReadonlySet<string>} signals those that reached this process itself
 * @returns {() => void} ends the watch
 */
export function watchNpm(child, signals) {
  if (process.platform === 'win32' || process.env.npm_lifecycle_event === undefined) return () => {}
  const parent = process.ppid
  const above = processOf(parent)
  // Some shells replace themselves by their last command: then npm is the parent.
  const shell = above !== null && !above.command.startsWith('npm') ? above : null
  const timer = setInterval(() => {
    if (process.ppid !== parent) {
      if (!shell) child.kill('SIGKILL')
      else if (signals.size === 0) child.kill('SIGTERM')
      clearInterval(timer)
    } else if (shell && !isThere(shell.parent)) {
      child.kill('SIGKILL')
    }
  }, 250)
  timer.unref()
  return () => clearInterval(timer)
}

/** @param {number} pid @returns {{ parent: number, command: string } | null} */
function processOf(pid) {
  try {
    if (process.platform === 'linux') {
      // The second field is a name in parentheses that may hold anything.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')
      return { parent: Number(fields[1]), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') }
    }
    const line = execFileSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    const at = line.search(/\s/)
    return { parent: Number(line.slice(0, at)), command: line.slice(at).trim() }
  } catch {
    // Gone already, or no such tool: then its end is not watched.
    return null
  }
}

/** @param {number} pid */
function isThere(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Another user's process is there all the same.
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}
