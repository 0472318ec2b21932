import { useRef } from 'react'
import { sequenceMs } from '../../frame/commands/keys.logic.ts'
import { found } from './grid.logic.ts'

const pause = 700

/**
 * Letters typed in a list lead to the row that begins with them. `reserved` letters do something else there: they count only
 * once a word has been begun. The letter after a first `g` is the other half of a way to a screen,
 * and `n` makes a sandbox everywhere.
 */
export function useTypeToFind(reserved: string): (key: string, texts: readonly string[], at: number, now: number) => number | null {
  const typed = useRef({ text: '', at: 0 })
  const way = useRef<number | null>(null)
  return (key, texts, at, now) => {
    if (key.length !== 1 || key === ' ') return null
    const going = now - typed.current.at < pause && typed.current.text !== ''
    const second = way.current !== null && now - way.current <= sequenceMs
    way.current = !going && !second && key === 'g' ? now : null
    if (second || way.current !== null) return null
    if (!going && (`n${reserved}`.includes(key.toLowerCase()) || !/[\p{L}\p{N}]/u.test(key))) return null
    const text = going ? typed.current.text + key : key
    typed.current = { text, at: now }
    return found(texts, at, text) ?? at
  }
}
