import { createContext, use } from 'react'
import type { StatusName } from './indicators.tsx'

export interface ToastWords {
  readonly title: string
  readonly status?: StatusName | undefined
  readonly detail?: string | undefined
  readonly action?: { readonly label: string; readonly run: () => void } | undefined
  /** Stays until it is dismissed: something went wrong that is told nowhere else. */
  readonly stay?: boolean | undefined
}

/** Shows one, for what the screen at hand does not show by itself. Gives what takes it away. */
export type ShowToast = (words: ToastWords) => () => void

export const Toasting = createContext<ShowToast>(() => () => undefined)

export function useToast(): ShowToast {
  return use(Toasting)
}
