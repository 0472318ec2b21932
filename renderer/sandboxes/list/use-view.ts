import { useState } from 'react'
import { plainView, type View } from './arrange.logic.ts'

const key = 'berth.sandboxes'

/** How the list is looked at: kept for this window, so that the way back from a sandbox leads to the same list. */
export function useView(): [View, (change: Partial<View>) => void] {
  const [view, setView] = useState(read)
  return [view, (change) => {
    const next = { ...view, ...change }
    sessionStorage.setItem(key, JSON.stringify(next))
    setView(next)
  }]
}

function read(): View {
  const kept = sessionStorage.getItem(key)
  return kept === null ? plainView : { ...plainView, ...JSON.parse(kept) as Partial<View> }
}
