import { createContext, use, useEffect } from 'react'
import type { Place } from './keys.logic.ts'

/** A key of what is chosen, and its verb. `at`: it acts only where the focus is there; else wherever its combination counts. */
export type FootKey = readonly [keys: string, label: string, at?: Place]

export const FootKeysContext = createContext<(keys: readonly FootKey[]) => void>(() => undefined)

/** Shows the keys of what is chosen in the foot, while this is shown. */
export function useFootKeys(keys: readonly FootKey[]): void {
  const set = use(FootKeysContext)
  const text = JSON.stringify(keys)
  useEffect(() => {
    set(JSON.parse(text) as FootKey[])
    return () => set([])
  }, [set, text])
}
