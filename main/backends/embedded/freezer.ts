import type { Clock } from '../../clock.ts'
import { fail } from '../../../shared/errors.ts'
import { descendants, readProcesses, signal, threadStates } from './processes.ts'

// SIGSTOP cannot be caught or ignored, and a pid namespace loses nobody, so stopping what is below its first process until
// two passes in a row find all of it stopped freezes all of it: a process that could wake another would itself
// have been seen running. No cgroup is needed, which an ordinary user often cannot make.

/** Longest that stopping everything may take: a fork bomb outruns any pass. */
const patience = 5_000

/** Stops everything below `root` (the namespace's first process, which only reaps). On failure all of it runs on. */
export async function freeze(root: number, clock: Clock): Promise<void> {
  const signalled = new Set<string>()
  const end = clock.now() + patience
  for (let clean = 0; clean < 2; ) {
    let running = 0
    for (const row of descendants(readProcesses(), root)) {
      const id = `${row.pid}:${row.started}`
      const states = threadStates(row.pid)
      if (states.every((state) => 'TtZX'.includes(state))) continue
      // Waiting in the kernel with the stop pending (a vfork, a slow disk): it stops before its next own instruction.
      if (signalled.has(id) && states.every((state) => 'TtZXD'.includes(state))) continue
      running += 1
      signalled.add(id)
      signal(row.pid, 'SIGSTOP')
    }
    clean = running === 0 ? clean + 1 : 0
    if (clock.now() > end) {
      thaw(root)
      throw fail('ENGINE_FAILED', 'The sandbox starts processes faster than they can be stopped; it was not paused.', {
        next: 'Look at what runs in it, or destroy it.',
      })
    }
    if (clean < 2) await clock.sleep(1)
  }
}

/** Lets everything below `root` go on, children first: no shell is to see its child stopped. */
export function thaw(root: number): void {
  for (const row of descendants(readProcesses(), root).reverse()) signal(row.pid, 'SIGCONT')
}
