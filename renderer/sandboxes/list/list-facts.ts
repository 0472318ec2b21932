import { createContext, use } from 'react'

/** What cells need of the house. Few and plain, so that rows are not drawn anew for anything else in it. */
export interface ListFacts {
  /** The container engine does not answer: states are how they were. */
  readonly unknown: boolean
}

export const ListFactsContext = createContext<ListFacts>({ unknown: false })

export function useListFacts(): ListFacts {
  return use(ListFactsContext)
}
