import type { ReactNode } from 'react'

/** What will be here, and one way to get it; or that a filter has no hits, and how to clear it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return <p className="none" role="status"><span className="strong">{title}</span> <span className="dim">{children}</span></p>
}
