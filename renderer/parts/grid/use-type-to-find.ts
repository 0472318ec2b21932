import { useRef } from 'react'
import { found } from './grid.logic.ts'

const pause = 700

/**
 * Letters typed in a list lead to the row that begins with them. `reserved` letters do something else there: they count only
 * once a word has been begun.
 */
export function useTypeToFind(reserved: string): (key: string, texts: readonly string[], at: number, now: number) => number | null {
  const typed = useRef({ text: '', at: 0 })
  return (key, texts, at, now) => {
    if (key.length !== 1 || key === ' ') return null
    const going = now - typed.current.at < pause && typed.current.text !== ''
    if (!going && (reserved.includes(key.toLowerCase()) || !/[\p{L}\p{N}]/u.test(key))) return null
    const text = going ? typed.current.text + key : key
    typed.current = { text, at: now }
    return found(texts, at, text) ?? at
  }
}
