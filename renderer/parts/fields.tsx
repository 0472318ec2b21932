import { type InputHTMLAttributes, type KeyboardEvent, type ReactNode, type Ref, use, useId, useRef } from 'react'
import { Select } from '@base-ui/react/select'
import { Switch as Base } from '@base-ui/react/switch'
import { Icon, Kbd, Mark } from './indicators.tsx'
import { FloatHost, InDialog, InRow, uncoverGuards } from './overlays.tsx'
import { IconButton, rove } from './buttons.tsx'

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

export function Field({
  label,
  value,
  onChange,
  showLabel = false,
  error,
  hint,
  mono = false,
  num = false,
  locked = false,
  unit,
  onSave,
  onRevert,
  className,
  ref,
  ...rest
}: FieldProps) {
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
          spellCheck={false}
          autoComplete="off"
          {...rest}
          ref={ref}
          id={id}
          value={value}
          readOnly={locked || rest.readOnly}
          aria-label={showLabel ? undefined : label}
          aria-invalid={bad || undefined}
          aria-describedby={bad ? `${id}e` : hint === undefined ? undefined : `${id}h`}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={keys}
        />
        {unit === undefined ? null : <span className="unit dim">{unit}</span>}
      </label>
      {bad ? (
        <p className="problem" id={`${id}e`} role="alert">
          <Mark name="failed" />
          <span>{error}</span>
        </p>
      ) : hint === undefined ? null : (
        <p className="help" id={`${id}h`}>
          {hint}
        </p>
      )}
    </>
  )
  return showLabel ? (
    <div className="fieldrow">
      <label htmlFor={id}>{label}</label>
      <div>{field}</div>
    </div>
  ) : (
    field
  )
}

export interface CheckProps {
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly label: string
  /** Quieter, after the label. */
  readonly detail?: string | undefined
  readonly disabled?: boolean | undefined
}

export function Check({ checked, onChange, label, detail, disabled = false }: CheckProps) {
  const inRow = use(InRow)
  return (
    <button
      type="button"
      className="check"
      role="checkbox"
      aria-checked={checked}
      disabled={disabled}
      tabIndex={inRow ? -1 : undefined}
      onClick={() => onChange(!checked)}
    >
      <i>{checked ? <Icon name="check" /> : null}</i>
      {label}
      {detail === undefined ? null : (
        <>
          {' '}
          <span className="dim">{detail}</span>
        </>
      )}
    </button>
  )
}

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
          key={one.value}
          type="button"
          className="check"
          role="radio"
          aria-checked={one.value === value}
          disabled={one.disabled}
          tabIndex={one.value === value ? 0 : -1}
          onClick={() => onChange(one.value)}
        >
          <i />
          {one.label}
          {one.detail === undefined ? null : (
            <>
              {' '}
              <span className="dim">{one.detail}</span>
            </>
          )}
        </button>
      ))}
    </div>
  )
}

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
        type="search"
        spellCheck={false}
        autoComplete="off"
        placeholder={placeholder}
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={pressed}
      />
      {found === undefined || value === '' ? null : (
        <span className="dim small nowrap" role="status">
          {found}
        </span>
      )}
      {value === '' ? (
        keys === undefined ? null : (
          <Kbd keys={keys} />
        )
      ) : (
        <IconButton
          icon="close"
          label="Clear the field"
          small
          onClick={() => {
            onChange('')
            own.current?.focus()
          }}
        />
      )}
    </label>
  )
}

export interface SelectOption<V extends string> {
  readonly value: V
  readonly label: string
  readonly detail?: string | undefined
}

export interface SelectFieldProps<V extends string> {
  readonly label: string
  readonly value: V
  readonly options: readonly SelectOption<V>[]
  readonly onChange: (value: V) => void
  readonly disabled?: boolean | undefined
}

/** One of many. */
export function SelectField<V extends string>({ label, value, options, onChange, disabled = false }: SelectFieldProps<V>) {
  const inDialog = use(InDialog)
  const host = use(FloatHost)
  const chosen = options.find((one) => one.value === value)
  return (
    <Select.Root
      value={value}
      onValueChange={(next) => {
        if (next !== null) onChange(next as V)
      }}
      disabled={disabled}
      modal={false}
      onOpenChangeComplete={uncoverGuards}
    >
      <Select.Trigger className="field select" aria-label={`${label}: ${chosen?.label ?? value}`}>
        <span className="cut">
          {chosen?.label ?? value}
          {chosen?.detail === undefined ? null : (
            <>
              {' '}
              <span className="dim">{chosen.detail}</span>
            </>
          )}
        </span>
        <Icon name="updown" />
      </Select.Trigger>
      <Select.Portal container={inDialog ?? host}>
        <Select.Positioner className={inDialog === null ? 'pop' : 'pop over'} sideOffset={4} collisionPadding={8} alignItemWithTrigger={false}>
          <Select.Popup className="menu selectmenu">
            <Select.List aria-label={label}>
              {options.map((one) => (
                <Select.Item key={one.value} value={one.value} className="option" label={one.label}>
                  <span className="tick">
                    <Select.ItemIndicator>
                      <Icon name="check" />
                    </Select.ItemIndicator>
                  </span>
                  <Select.ItemText>{one.label}</Select.ItemText>
                  {one.detail === undefined ? null : <span className="end">{one.detail}</span>}
                </Select.Item>
              ))}
            </Select.List>
          </Select.Popup>
        </Select.Positioner>
      </Select.Portal>
    </Select.Root>
  )
}

export interface SwitchProps {
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  /** Its name; not shown, the word On or Off is. */
  readonly label: string
  readonly disabled?: boolean | undefined
}

/** On or off, at once. */
export function Switch({ checked, onChange, label, disabled = false }: SwitchProps) {
  return (
    <Base.Root
      checked={checked}
      onCheckedChange={onChange}
      disabled={disabled}
      nativeButton
      render={<button type="button" className="switch" aria-label={label} />}
    >
      <i />
      {checked ? 'On' : 'Off'}
    </Base.Root>
  )
}
