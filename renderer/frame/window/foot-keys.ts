import { createContext, use, useEffect } from 'react'

/** A key of what is chosen, and its verb. */
export type FootKey = readonly [keys: string, label: string]

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
