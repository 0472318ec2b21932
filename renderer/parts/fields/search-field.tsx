import { useRef, type KeyboardEvent, type Ref } from 'react'
import { Icon } from '../signs/icon.tsx'
import { IconButton } from '../buttons/icon-button.tsx'
import { Kbd } from '../signs/kbd.tsx'

export interface SearchFieldProps {
  readonly label: string
  readonly placeholder?: string | undefined
  readonly value: string
  readonly onChange: (value: string) => void
  /** "38 of 61": what it found. */
  readonly found?: string | undefined
  /** The key that leads here, shown while it is empty. */
  readonly keys?: string | undefined
  readonly long?: boolean | undefined
  readonly onKeyDown?: ((event: KeyboardEvent<HTMLInputElement>) => void) | undefined
  readonly ref?: Ref<HTMLInputElement> | undefined
}

/** Esc empties it, and in an empty one leaves it. */
export function SearchField({ label, placeholder = 'Filter', value, onChange, found, keys, long = false, onKeyDown, ref }: SearchFieldProps) {
  const own = useRef<HTMLInputElement>(null)
  function pressed(event: KeyboardEvent<HTMLInputElement>): void {
    onKeyDown?.(event)
    if (event.defaultPrevented || event.key !== 'Escape') return
    event.stopPropagation()
    if (value === '') event.currentTarget.blur()
    else onChange('')
  }
  return (
    <label className={long || value !== '' ? 'field search long' : 'field search'}>
      <Icon name="search" />
      <input
        ref={(node) => {
          own.current = node
          if (typeof ref === 'function') ref(node)
          else if (ref) ref.current = node
        }}
        type="search" spellCheck={false} autoComplete="off" placeholder={placeholder} aria-label={label} value={value}
        onChange={(event) => onChange(event.target.value)} onKeyDown={pressed}
      />
      {found === undefined || value === '' ? null : <span className="dim small nowrap" role="status">{found}</span>}
      {value === '' ? (keys === undefined ? null : <Kbd keys={keys} />) : (
        <IconButton
          icon="close" label="Clear the field" small
          onClick={() => {
            onChange('')
            own.current?.focus()
          }}
        />
      )}
    </label>
  )
}
