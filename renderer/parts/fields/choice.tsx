import { rove } from '../buttons/roving.ts'

export interface ChoiceProps<V extends string> {
  readonly label: string
  readonly value: V
  readonly options: readonly { readonly value: V; readonly label: string; readonly detail?: string | undefined; readonly disabled?: boolean | undefined }[]
  readonly onChange: (value: V) => void
}

/** One of few, each with a line of what it means. */
export function Choice<V extends string>({ label, value, options, onChange }: ChoiceProps<V>) {
  return (
    <div className="choice" role="radiogroup" aria-label={label} onKeyDown={(event) => rove(event)?.click()}>
      {options.map((one) => (
        <button
          key={one.value} type="button" className="check" role="radio" aria-checked={one.value === value} disabled={one.disabled}
          tabIndex={one.value === value ? 0 : -1} onClick={() => onChange(one.value)}
        >
          <i />{one.label}{one.detail === undefined ? null : <> <span className="dim">{one.detail}</span></>}
        </button>
      ))}
    </div>
  )
}
