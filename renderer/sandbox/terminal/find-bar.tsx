import { useEffect, useRef, useState } from 'react'
import { IconButton } from '../../parts/buttons/icon-button.tsx'
import { SearchField } from '../../parts/fields/search-field.tsx'
import { terminalWords } from '../../words/terminal.ts'

export interface FindBarProps {
  readonly found: { readonly at: number; readonly count: number } | null
  readonly onSearch: (text: string, by: 1 | -1, typing: boolean) => void
  readonly onClose: () => void
}

export function FindBar({ found, onSearch, onClose }: FindBarProps) {
  const [text, setText] = useState('')
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  return (
    <div className="strip ruled termfind">
      <SearchField
        ref={field} label={terminalWords.find} placeholder={terminalWords.find} long value={text} found={found === null ? undefined : terminalWords.found(found.at, found.count)}
        onChange={(next) => {
          setText(next)
          onSearch(next, 1, true)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            event.preventDefault()
            onSearch(text, event.shiftKey ? -1 : 1, false)
          } else if (event.key === 'Escape') {
            event.preventDefault()
            event.stopPropagation()
            onClose()
          }
        }}
      />
      <IconButton icon="up" label={terminalWords.previous} onClick={() => onSearch(text, -1, false)} />
      <IconButton icon="down" label={terminalWords.next} onClick={() => onSearch(text, 1, false)} />
      <div className="end"><IconButton icon="close" label={terminalWords.endFind} onClick={onClose} /></div>
    </div>
  )
}
