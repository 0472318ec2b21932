import type { ProviderDeps } from './deps.ts'
import type { Entry } from './entry.ts'

/** The engine says it once for each process that goes; a person wants to hear of it once. */
const onceWithinMs = 5_000
/** A container that is killed so soon after its memory ran out was killed for that. */
const causeWithinMs = 10_000
/** Of a process that was ended by SIGKILL. */
const killed = 137

/** All that it needs of the provider. */
interface Needs {
  readonly clock: Pick<ProviderDeps['clock'], 'now'>
  readonly config: () => { readonly resources: Pick<ReturnType<ProviderDeps['config']>['resources'], 'memory'> }
  readonly publish: ProviderDeps['publish']
}

/** Memory that ran out in sandboxes: told as it happens, and remembered as the cause of what ends next. */
export function memoryWatch({ deps }: { readonly deps: Needs }) {
  const { clock, config, publish } = deps
  const last = new Map<string, { at: number; toldAt: number }>()
  const limit = () => {
    const { memory } = config().resources
    return memory === null ? 'the machine had no memory left' : `its limit of ${memory} (\`resources.memory\`) was reached`
  }
  return {
    ranOut(ref: string, entry: Pick<Entry, 'id' | 'user' | 'thread'> | undefined): void {
      const now = clock.now()
      for (const [known, { at }] of last) if (now - at > causeWithinMs) last.delete(known)
      const toldAt = last.get(ref)?.toldAt ?? Number.NEGATIVE_INFINITY
      const tell = now - toldAt > onceWithinMs
      last.set(ref, { at: now, toldAt: tell ? now : toldAt })
      if (!tell || !entry) return
      const { id, user, thread } = entry
      publish({ type: 'sandbox.oom', who: 'berth:engine', sandbox: id, user, thread, text: `Out of memory (oom): ${limit()}, and the kernel ended processes in it` })
    },
    /** Why a container ended, where memory is why; null: nothing is known of it. */
    deathOf(ref: string, exitCode: number | undefined): string | null {
      const ranOut = last.get(ref)
      last.delete(ref)
      const forMemory = ranOut !== undefined && clock.now() - ranOut.at <= causeWithinMs && (exitCode === undefined || exitCode === killed)
      return forMemory ? `it ran out of memory: ${limit()}` : null
    },
  }
}
