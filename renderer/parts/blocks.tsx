import type { KeyboardEvent, ReactNode } from 'react'
import { Tabs as Base } from '@base-ui/react/tabs'
import { Icon, Mark } from './indicators.tsx'
import { CopyButton, useCopied } from './buttons.tsx'

export interface NoteProps {
  readonly kind?: 'info' | 'warn' | 'bad' | undefined
  /** What is so, as a sentence. */
  readonly title: string
  /** Why, and what now. */
  readonly children?: ReactNode
  readonly action?: ReactNode
  /** Came up while the page was open: read it out. */
  readonly live?: boolean | undefined
}

/** Stays until it is fixed. */
export function Note({ kind = 'info', title, children, action, live = false }: NoteProps) {
  return (
    <div className={`note ${kind}`} role={live ? (kind === 'bad' ? 'alert' : 'status') : 'note'}>
      {kind === 'bad' ? <Mark name="failed" /> : <Icon name={kind === 'warn' ? 'warn' : 'info'} />}
      <div>
        <span className="strong">{title}</span>
        {children === undefined ? null : (
          <>
            {' '}
            <span className="mid">{children}</span>
          </>
        )}
      </div>
      {action === undefined ? null : <span className="end">{action}</span>}
    </div>
  )
}

export interface CodeProps {
  /** What is shown and copied. */
  readonly text: string
  /** Shown instead of `text`: the same, coloured. */
  readonly children?: ReactNode
  readonly copyable?: boolean | undefined
  readonly label?: string | undefined
}

/** To be copied whole: by its button, or with the focus in it by Ctrl/Cmd+C when nothing in it is chosen. */
export function Code({ text, children, copyable = true, label = 'Code' }: CodeProps) {
  const { copy } = useCopied()
  const one = !text.includes('\n')
  function keys(event: KeyboardEvent): void {
    if (event.key !== 'c' || !(event.ctrlKey || event.metaKey) || !(getSelection()?.isCollapsed ?? true)) return
    event.preventDefault()
    copy(text)
  }
  return (
    <div className={one ? 'code one' : 'code'}>
      <pre tabIndex={0} role="group" aria-label={label} onKeyDown={keys} title={one ? text : undefined}>
        {children ?? text}
      </pre>
      {copyable ? <CopyButton text={text} className="copy" /> : null}
    </div>
  )
}

/** What will be here, and one way to get it; or that a filter has no hits, and how to clear it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <p className="none" role="status">
      <span className="strong">{title}</span> <span className="dim">{children}</span>
    </p>
  )
}

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
            <Base.Tab key={one.value} value={one.value}>
              {one.label}
              {one.count === undefined ? null : <span className="n">{one.count}</span>}
            </Base.Tab>
          ))}
        </Base.List>
        {end === undefined ? null : <div className="end">{end}</div>}
      </div>
      {tabs.map((one) => (
        <Base.Panel key={one.value} value={one.value} className="tabpanel">
          {one.value === value ? children : null}
        </Base.Panel>
      ))}
    </Base.Root>
  )
}
