import { useId, type InputHTMLAttributes, type KeyboardEvent, type ReactNode, type Ref } from 'react'
import { Mark } from '../signs/mark.tsx'

export interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value' | 'id'> {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  /** Shown before the field, in a row; otherwise the label is its name only. */
  readonly showLabel?: boolean | undefined
  /** Why it cannot stay so. */
  readonly error?: string | null | undefined
  readonly hint?: ReactNode
  readonly mono?: boolean | undefined
  readonly num?: boolean | undefined
  /** Set from outside: shown, not changed here. */
  readonly locked?: boolean | undefined
  readonly unit?: string | undefined
  /** Enter. */
  readonly onSave?: (() => void) | undefined
  /** Esc: puts back what was. It does not close the dialog around it while there is something to put back. */
  readonly onRevert?: (() => void) | undefined
  readonly ref?: Ref<HTMLInputElement> | undefined
}

export function Field({ label, value, onChange, showLabel = false, error, hint, mono = false, num = false, locked = false, unit, onSave, onRevert, className, ref, ...rest }: FieldProps) {
  const id = useId()
  const bad = error !== null && error !== undefined
  function keys(event: KeyboardEvent): void {
    if (event.key === 'Enter' && onSave) {
      event.preventDefault()
      onSave()
    } else if (event.key === 'Escape' && onRevert) {
      event.stopPropagation()
      onRevert()
    }
  }
  const field = (
    <>
      <label className={['field', bad ? 'invalid' : '', mono ? 'mono' : '', num ? 'num' : '', className ?? ''].filter((one) => one !== '').join(' ')}>
        <input
          spellCheck={false} autoComplete="off" {...rest} ref={ref} id={id} value={value} readOnly={locked || rest.readOnly}
          aria-label={showLabel ? undefined : label} aria-invalid={bad || undefined}
          aria-describedby={bad ? `${id}e` : hint === undefined ? undefined : `${id}h`}
          onChange={(event) => onChange(event.target.value)} onKeyDown={keys}
        />
        {unit === undefined ? null : <span className="unit dim">{unit}</span>}
      </label>
      {bad ? <p className="problem" id={`${id}e`} role="alert"><Mark name="failed" /><span>{error}</span></p> : hint === undefined ? null : <p className="help" id={`${id}h`}>{hint}</p>}
    </>
  )
  return showLabel ? <div className="fieldrow"><label htmlFor={id}>{label}</label><div>{field}</div></div> : field
}
