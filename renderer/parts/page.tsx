import { useEffect, type ReactNode } from 'react'
import { Icon } from './indicators.tsx'

export interface PageProps {
  /** The one h1, and the page's own title. */
  readonly title: string
  /** Where it belongs, with the way back. */
  readonly crumb?: { readonly label: string; readonly href: string } | undefined
  /** Shown instead of the title's text, e.g. an id that may be cut. */
  readonly heading?: ReactNode
  /** After the title. */
  readonly beside?: ReactNode
  /** At the end of the header: fields, the primary button. */
  readonly end?: ReactNode
  readonly children: ReactNode
}

/** Header and content of a screen. */
export function Page({ title, crumb, heading, beside, end, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Berth`
  }, [title])
  return (
    <>
      <header className="bar">
        {crumb ? (
          <a className="crumb" href={crumb.href} aria-label={`Back to ${crumb.label}`}>
            <Icon name="left" />
            <span className="label">{crumb.label}</span>
          </a>
        ) : null}
        <h1>{heading ?? title}</h1>
        {beside}
        {end === undefined ? null : <div className="end">{end}</div>}
      </header>
      {children}
    </>
  )
}
