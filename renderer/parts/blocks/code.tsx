import type { KeyboardEvent, ReactNode } from 'react'
import { CopyButton } from '../buttons/copy-button.tsx'
import { useCopied } from '../buttons/copied.ts'

export interface CodeProps {
  /** What is shown and copied. */
  readonly text: string
  /** Shown instead of `text`: the same, coloured. */
  readonly children?: ReactNode
  readonly copyable?: boolean | undefined
  readonly label?: string | undefined
}

/** To be copied whole: by its button, or with the focus in it by Ctrl/Cmd+C when nothing in it is chosen. */
export function Code({ text, children, copyable = true, label = 'Code' }: CodeProps) {
  const { copy } = useCopied()
  const one = !text.includes('\n')
  function keys(event: KeyboardEvent): void {
    if (event.key !== 'c' || !(event.ctrlKey || event.metaKey) || !(getSelection()?.isCollapsed ?? true)) return
    event.preventDefault()
    copy(text)
  }
  return (
    <div className={one ? 'code one' : 'code'}>
      <pre tabIndex={0} role="group" aria-label={label} onKeyDown={keys} title={one ? text : undefined}>{children ?? text}</pre>
      {copyable ? <CopyButton text={text} className="copy" /> : null}
    </div>
  )
}
