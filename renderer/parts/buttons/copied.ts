import { createContext, use, useEffect, useRef, useState } from 'react'

/** How a text gets onto the clipboard: the shell's way, or the browser's. Throws where it cannot. */
export const CopyText = createContext<(text: string) => Promise<void>>((text) => navigator.clipboard.writeText(text))

export type Copied = 'no' | 'yes' | 'failed'

/** Copies, and for 1.5 s says how that went. */
export function useCopied(): { copied: Copied; copy: (text: string | (() => Promise<void>)) => void } {
  const write = use(CopyText)
  const [copied, setCopied] = useState<Copied>('no')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  function show(how: Copied): void {
    setCopied(how)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setCopied('no'), 1500)
  }
  return {
    copied,
    copy: (text) => {
      (typeof text === 'string' ? write(text) : text()).then(() => show('yes'), () => show('failed'))
    },
  }
}
