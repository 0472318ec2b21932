import { useSyncExternalStore } from 'react'
import { useNative } from './contexts.ts'

export type Theme = 'system' | 'light' | 'dark'

const key = 'berth.theme'
const changed = 'berth:theme'

/** public/first-paint.js reads the same before the first paint. */
export function readTheme(): Theme {
  const kept = localStorage.getItem(key)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

/** The theme, and how to choose another: kept by this browser, told to the shell. */
export function useTheme(): { theme: Theme; choose: (theme: Theme) => void } {
  const native = useNative()
  const theme = useSyncExternalStore(watch, readTheme)
  return {
    theme,
    choose(next) {
      if (next === 'system') localStorage.removeItem(key)
      else localStorage.setItem(key, next)
      show(next)
      native.setTheme(next)
      dispatchEvent(new Event(changed))
    },
  }
}

function show(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

/** Another tab's choice holds here as well. */
function watch(listener: () => void): () => void {
  const stored = (event: StorageEvent) => {
    if (event.key !== key) return
    show(readTheme())
    listener()
  }
  addEventListener('storage', stored)
  addEventListener(changed, listener)
  return () => {
    removeEventListener('storage', stored)
    removeEventListener(changed, listener)
  }
}
