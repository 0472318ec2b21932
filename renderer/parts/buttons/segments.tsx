import { rove } from './roving.ts'

export interface SegmentsProps<V extends string> {
  readonly label: string
  readonly value: V
  readonly options: readonly { readonly value: V; readonly label: string }[]
  readonly onChange: (value: V) => void
  readonly disabled?: boolean | undefined
}

/** One of few, all of them in sight. */
export function Segments<V extends string>({ label, value, options, onChange, disabled = false }: SegmentsProps<V>) {
  return (
    <span className="segments" role="radiogroup" aria-label={label} onKeyDown={(event) => rove(event)?.click()}>
      {options.map((one) => (
        <button
          key={one.value} type="button" role="radio" aria-checked={one.value === value} disabled={disabled}
          tabIndex={one.value === value ? 0 : -1} onClick={() => onChange(one.value)}
        >
          {one.label}
        </button>
      ))}
    </span>
  )
}
