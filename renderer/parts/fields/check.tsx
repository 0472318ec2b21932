import { use } from 'react'
import { Icon } from '../signs/icon.tsx'
import { InRow } from '../floats/within.ts'

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
    <button type="button" className="check" role="checkbox" aria-checked={checked} disabled={disabled} tabIndex={inRow ? -1 : undefined} onClick={() => onChange(!checked)}>
      <i>{checked ? <Icon name="check" /> : null}</i>{label}{detail === undefined ? null : <> <span className="dim">{detail}</span></>}
    </button>
  )
}
