import type { ReactNode } from 'react'
import { Icon } from '../signs/icon.tsx'
import { Mark } from '../signs/mark.tsx'

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
      <div><span className="strong">{title}</span>{children === undefined ? null : <> <span className="mid">{children}</span></>}</div>
      {action === undefined ? null : <span className="end">{action}</span>}
    </div>
  )
}
