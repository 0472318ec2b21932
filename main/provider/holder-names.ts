import { remember } from './remember.ts'

/** What people call holders: conversations of an agent's program by its name and a number, unless somebody gave one a name. */
export interface HolderNames {
  /** null: nobody named it, its own id is what there is. */
  of(holder: string): string | null
  /** A holder says which program it is. One that has a name keeps it. */
  introduce(holder: string, program: string): void
  /** From an earlier life of the engine, or somebody's wish. */
  set(holder: string, name: string): void
}

/** Kept in memory, and with the leases of the sandboxes that are held: a name matters as long as somebody can see its holder. */
export function makeHolderNames(): HolderNames {
  const names = new Map<string, string>()
  return {
    of: (holder) => names.get(holder) ?? null,
    introduce(holder, program) {
      const known = names.get(holder)
      // Again, so that those which are still at work are the last to be forgotten.
      if (known !== undefined) return remember(names, holder, known)
      const begin = `${program} · conversation `
      const numbers = [...names.values()].filter((name) => name.startsWith(begin)).map((name) => Number(name.slice(begin.length)) || 0)
      remember(names, holder, `${begin}${Math.max(0, ...numbers) + 1}`)
    },
    set: (holder, name) => remember(names, holder, name),
  }
}
