import { useRef } from 'react'
import { useStore } from 'zustand'
import { useShallow } from 'zustand/react/shallow'
import type { HouseState } from '../../../shared/state.ts'
import { useSurroundings } from './contexts.ts'

/**
 * A part of the engine's state; the screen is drawn again only when what the selector gives differs, compared one level deep. Give
 * parts of the state, not new objects made of them in depth.
 */
export function useHouse<T>(selector: (state: HouseState) => T): T {
  const { store } = useSurroundings()
  const last = useRef<HouseState>(null)
  return useStore(store, useShallow(({ state }) => {
    // A screen that is about to be taken away (another engine came) sees the last state once more.
    const current = state ?? last.current
    if (current === null) throw new Error('a screen is shown only with a state')
    last.current = current
    return selector(current)
  }))
}
