import { createContext, use } from 'react'
import type { SandboxRow } from '../../shared/state.ts'

/** What is to be done, once its consequences were seen. */
export type Question =
  | { readonly what: 'destroy' | 'release'; readonly sandboxes: readonly SandboxRow[] }
  | { readonly what: 'create' }
  | { readonly what: 'shutdown' }

/** Asks where something may be lost, and does it at once where nothing is. */
export const Asking = createContext<(question: Question) => void>(() => undefined)

export function useAsk(): (question: Question) => void {
  return use(Asking)
}
