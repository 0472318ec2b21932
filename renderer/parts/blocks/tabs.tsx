import { Tabs as Base } from '@base-ui/react/tabs'
import type { ReactNode } from 'react'

export interface TabsProps<V extends string> {
  readonly label: string
  readonly value: V
  readonly tabs: readonly { readonly value: V; readonly label: string; readonly count?: number | string | undefined }[]
  readonly onChange: (value: V) => void
  /** On the same line, at the end. */
  readonly end?: ReactNode
  /** What the chosen tab shows. */
  readonly children?: ReactNode
}

/** Parts of one thing. Arrows move the focus, Enter or Space opens: a part may be costly to show. */
export function Tabs<V extends string>({ label, value, tabs, onChange, end, children }: TabsProps<V>) {
  return (
    <Base.Root className="tabset" value={value} onValueChange={(next) => onChange(next as V)}>
      <div className="tabs">
        <Base.List className="tablist" aria-label={label}>
          {tabs.map((one) => (
            <Base.Tab key={one.value} value={one.value}>{one.label}{one.count === undefined ? null : <span className="n">{one.count}</span>}</Base.Tab>
          ))}
        </Base.List>
        {end === undefined ? null : <div className="end">{end}</div>}
      </div>
      {tabs.map((one) => (
        <Base.Panel key={one.value} value={one.value} className="tabpanel">{one.value === value ? children : null}</Base.Panel>
      ))}
    </Base.Root>
  )
}
