import { useState } from 'react'
import { nothingChosen, type Chosen } from '../../parts/grid/grid.logic.ts'
import { plainView, type View } from './arrange.logic.ts'

const key = 'berth.sandboxes'
const chosenKey = 'berth.sandboxes.chosen'

/** How the list is looked at: kept for this window, so that the way back from a sandbox leads to the same list. */
export function useView(): [View, (change: Partial<View>) => void] {
  const [view, setView] = useState(read)
  return [view, (change) => {
    const next = { ...view, ...change }
    sessionStorage.setItem(key, JSON.stringify(next))
    setView(next)
  }]
}

/** What is chosen in it, kept for the same way back; `there` tells what is still in the list by then. */
export function useChosen(there: (id: string) => boolean): [Chosen, (next: Chosen) => void] {
  const [chosen, setChosen] = useState(() => readChosen(there))
  return [chosen, (next) => {
    sessionStorage.setItem(chosenKey, JSON.stringify({ ...next, selected: [...next.selected] }))
    setChosen(next)
  }]
}

function readChosen(there: (id: string) => boolean): Chosen {
  const kept = sessionStorage.getItem(chosenKey)
  if (kept === null) return nothingChosen
  const { current, selected, anchor } = JSON.parse(kept) as { current: string | null; selected: string[]; anchor: string | null }
  return current === null || !there(current) ? nothingChosen : { current, selected: new Set(selected.filter(there)), anchor }
}

function read(): View {
  const kept = sessionStorage.getItem(key)
  return kept === null ? plainView : { ...plainView, ...JSON.parse(kept) as Partial<View> }
}
