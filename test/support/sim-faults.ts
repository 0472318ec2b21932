import type { Seeded } from './seeded.ts'

/**
 * What may go wrong at an await. `crash` is a kill -9 of the program that waits there, `lost` an effect that happened
 * and whose answer never came, `dies` a container that ends right after.
 */
export type Fault = 'unreachable' | 'slow' | 'crash' | 'lost' | 'dies' | 'hangs' | 'reset' | 'full' | 'broken' | 'never-ready' | 'exits'

export interface SimFaults {
  /** Asked at every fault point, before and after each effect; what is answered is in the trace. */
  at(point: string, kinds: readonly Fault[]): Fault | null
  /** Share of fault points at which something happens; 0 for a world that has healed. */
  setRate(rate: number): void
  /** Kinds that happen at all. */
  setKinds(kinds: readonly Fault[] | null): void
}

export function simFaults(random: Seeded, trace: (line: string) => void): SimFaults {
  let rate = 0
  let allowed: readonly Fault[] | null = null
  return {
    setRate: (to) => {
      rate = to
    },
    setKinds: (to) => {
      allowed = to
    },
    at: (point, kinds) => {
      if (rate === 0 || !random.chance(rate)) return null
      const possible = allowed === null ? kinds : kinds.filter((kind) => allowed?.includes(kind))
      if (possible.length === 0) return null
      const fault = random.pick(possible)
      trace(`fault ${fault} at ${point}`)
      return fault
    },
  }
}
