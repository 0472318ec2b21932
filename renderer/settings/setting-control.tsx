import { Field } from '../parts/fields/field.tsx'
import { SelectField } from '../parts/fields/select-field.tsx'
import { Mark } from '../parts/signs/mark.tsx'
import { settingsWords as words } from '../words/settings.ts'
import { shown, type ConfigValue, type Setting } from './settings.logic.ts'

export interface SettingControlProps {
  readonly setting: Setting
  readonly value: string
  readonly raw: unknown
  readonly values: ReadonlyMap<string, ConfigValue>
  /** What stands in for a value that is not set. */
  readonly inForce?: string | undefined
  readonly locked: boolean
  readonly error: string | null
  readonly onDraft: (text: string) => void
  readonly onSave: () => void
  readonly onPick: (value: unknown) => void
  readonly onRevert: () => void
}

export function SettingControl({ setting, value, raw, values, inForce, locked, error, onDraft, onSave, onPick, onRevert }: SettingControlProps) {
  const { as, label } = setting
  if (as.kind === 'choice') {
    const options = as.options.map(([option, name]) => ({ value: option, label: name }))
    return (
      <>
        <SelectField label={label} value={value} disabled={locked} onChange={onPick} options={options.some((one) => one.value === value) ? options : [...options, { value, label: value }]} />
        {error === null ? null : <p className="problem" role="alert"><Mark name="failed" /><span>{error}</span></p>}
      </>
    )
  }
  if (as.kind === 'file') return <Lines lines={linesOf(setting.key, raw, values)} />
  return (
    <Field
      label={label} num={as.kind === 'number'} unit={as.kind === 'number' ? as.unit : undefined} value={value} locked={locked} error={error} placeholder={setting.optional ? (inForce === undefined ? words.notSet : words.inForce(inForce)) : undefined}
      onChange={onDraft} onSave={onSave} onRevert={onRevert} onBlur={onSave}
    />
  )
}

function Lines({ lines }: { lines: readonly string[] }) {
  return (
    <span className="mid small">
      {lines.length === 0 ? words.nothing : lines.map((line) => <code key={line} className="cut" title={line}>{line}</code>)} <span className="dim">{words.fileOnly}</span>
    </span>
  )
}

function linesOf(key: string, raw: unknown, values: ReadonlyMap<string, ConfigValue>): readonly string[] {
  const inner = [...values.values()].filter((row) => row.key.startsWith(`${key}.`))
  if (inner.length > 0) return inner.map((row) => `${row.key.slice(key.length + 1)}=${shown(row.value)}`)
  if (Array.isArray(raw)) return raw.map(shown)
  const text = shown(raw)
  return text === '' || text === '{}' ? [] : [text]
}
