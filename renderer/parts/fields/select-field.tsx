import { Select } from '@base-ui/react/select'
import { use } from 'react'
import { Icon } from '../signs/icon.tsx'
import { FloatHost, InDialog, uncoverGuards } from '../floats/within.ts'

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
    <Select.Root value={value} onValueChange={(next) => { if (next !== null) onChange(next as V) }} disabled={disabled} modal={false} onOpenChangeComplete={uncoverGuards}>
      <Select.Trigger className="field select" aria-label={`${label}: ${chosen?.label ?? value}`}>
        <span className="cut">{chosen?.label ?? value}{chosen?.detail === undefined ? null : <> <span className="dim">{chosen.detail}</span></>}</span>
        <Icon name="updown" />
      </Select.Trigger>
      <Select.Portal container={inDialog ?? host}>
        <Select.Positioner className={inDialog === null ? 'pop' : 'pop over'} sideOffset={4} collisionPadding={8} alignItemWithTrigger={false}>
          <Select.Popup className="menu selectmenu">
            <Select.List aria-label={label}>
              {options.map((one) => (
                <Select.Item key={one.value} value={one.value} className="option" label={one.label}>
                  <span className="tick"><Select.ItemIndicator><Icon name="check" /></Select.ItemIndicator></span>
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
