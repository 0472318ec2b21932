import type { ReactNode } from 'react'

/** A word about a thing: "default", "full". */
export function Chip({ kind, children }: { kind?: 'warn' | 'bad' | 'good' | undefined; children: ReactNode }) {
  return <span className={kind === undefined ? 'chip' : `chip ${kind}`}>{children}</span>
}
