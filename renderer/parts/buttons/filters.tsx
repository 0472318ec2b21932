import { rove } from './roving.ts'

export interface FiltersProps<V extends string> {
  readonly label: string
  readonly value: V
  readonly options: readonly { readonly value: V; readonly label: string; readonly count?: number | undefined }[]
  readonly onChange: (value: V) => void
}

/** Narrows a list: words with how many each would leave. */
export function Filters<V extends string>({ label, value, options, onChange }: FiltersProps<V>) {
  const current = options.some((one) => one.value === value) ? value : options[0]?.value
  return (
    <div className="filters" role="toolbar" aria-label={label} onKeyDown={(event) => rove(event)}>
      {options.map((one) => (
        <button
          key={one.value} type="button" aria-pressed={one.value === value} tabIndex={one.value === current ? 0 : -1}
          onClick={() => onChange(one.value)}
        >
          {one.label}{one.count === undefined ? null : <> <span className="n">{one.count}</span></>}
        </button>
      ))}
    </div>
  )
}
