import { readFileSync } from 'node:fs'

// The kernel ends a process where the sandbox's memory ends, and says so only in the counters of its cgroup. A command
// that lost one ends with 137 or goes on with less than it believes; whoever ran it is told by a line of its output.

/** Where a container sees its own cgroup: version 2, then 1. */
const places = [
  { counts: '/sys/fs/cgroup/memory.events', limit: '/sys/fs/cgroup/memory.max' },
  { counts: '/sys/fs/cgroup/memory/memory.oom_control', limit: '/sys/fs/cgroup/memory/memory.limit_in_bytes' },
] as const

/** How many processes of this sandbox the kernel has ended so far for want of memory; 0 where it does not tell. */
export function memoryKills(): number {
  for (const { counts } of places) {
    const count = /^oom_kill (\d+)$/m.exec(read(counts) ?? '')?.[1]
    if (count !== undefined) return Number(count)
  }
  return 0
}

/** What to tell whoever ran a command meanwhile; null: nothing was ended since there were `before`. */
export function outOfMemory(before: number): string | null {
  const ended = memoryKills() - before
  if (ended <= 0) return null
  const limit = limitOf(places.map((place) => read(place.limit)).find((text) => text !== null) ?? 'max')
  const where = limit === null ? 'the machine had no memory left' : `this sandbox reached its limit of ${limit}`
  const processes = ended === 1 ? 'one of its processes' : `${ended} of its processes`
  return `[out of memory: ${where}, and the kernel ended ${processes}${limit === null ? '' : '; `resources.memory` in Berth’s configuration raises it'}]\n`
}

/** As the configuration writes it; null: there is none, which version 1 tells by a number beyond every machine. */
function limitOf(text: string): string | null {
  const bytes = Number(text)
  if (!Number.isFinite(bytes) || bytes <= 0 || bytes > 2 ** 50) return null
  return bytes % 2 ** 30 === 0 ? `${bytes / 2 ** 30}g` : `${Math.round(bytes / 2 ** 20)}m`
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return null // The other version's file, or a sandbox that does not see its cgroup.
  }
}
