import { Switch as Base } from '@base-ui/react/switch'

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
    <Base.Root checked={checked} onCheckedChange={onChange} disabled={disabled} nativeButton render={<button type="button" className="switch" aria-label={label} />}>
      <i />{checked ? 'On' : 'Off'}
    </Base.Root>
  )
}
