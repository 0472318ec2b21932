import { createContext, use } from 'react'
import { format, type Format } from './format.ts'

export const FormatContext = createContext<Format>(format(undefined))

/** Numbers and times as this page's locale writes them. */
export function useFormat(): Format {
  return use(FormatContext)
}
