import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/** Ends with the engine that it guards, or, after an orderly close, at once. */
export interface Guard { dismiss(): void }

/**
 * A shell without a program of its own: two lines of input at most, the mark and a farewell. Where the input ends without
 * the farewell, the engine was killed; then it kills what carries the mark as its first word, for two seconds or so, as a
 * start that was under way may still bring something forth. `read` leaves out the zero bytes of a command line.
 */
const script = `read -r mark
read -r farewell && exit 0
for pause in 0.05 0.1 0.2 0.4 0.8 0; do
  for process in /proc/[0-9]*; do
    words=
    read -r words < "$process/cmdline"
    case "$words" in "$mark"*) kill -9 "\${process#/proc/}" ;; esac
  done
  sleep $pause
done`

/**
 * Watches over a killed engine's sandboxes from outside. The kernel ends those that run; but a bubblewrap that dies in the
 * middle of a start (of its engine's end, or of the pipe that it tells its child by) leaves that child waiting for a word
 * from it for ever: bubblewrap.c, `read (child_wait_fd, ...)` after `handle_die_with_parent` of the parent.
 */
export function startGuard(mark: string): Guard {
  const child = spawn('/bin/sh', ['-c', script], {
    // A session of its own, so that it outlives a Ctrl-C that ends the engine; the mark is not in its own command line.
    stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/', env: { PATH: '/usr/bin:/bin' },
  })
  // Without a guard, the next engine of this home takes away what stayed.
  child.on('error', () => undefined)
  const input = child.stdin as Socket
  input.on('error', () => undefined)
  input.write(`${mark}\n`)
  // It keeps no engine alive.
  child.unref()
  input.unref()
  return { dismiss: () => void input.end('farewell\n') }
}
