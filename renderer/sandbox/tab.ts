import { createContext, use, type ComponentType } from 'react'
import type { SandboxRow } from '../../shared/state.ts'
import { logBuffer, type LogBuffer } from './logs/log-buffer.ts'

export interface TabProps {
  /** As it is, or as it was last. */
  readonly row: SandboxRow
  /** It has ended: nothing can be asked of it any more. */
  readonly gone: boolean
}

export interface SandboxTab {
  /** In the address: `#/sandboxes/<id>/<value>`. */
  readonly value: string
  readonly label: string
  readonly show: ComponentType<TabProps>
  /** Has something to show after the end of the sandbox. */
  readonly afterwards?: boolean | undefined
}

/** What outlives a change of tabs, as long as the sandbox is looked at. */
export interface Kept {
  readonly log: LogBuffer
}

export function keep(clearedTo: string | null): Kept {
  return { log: logBuffer(undefined, clearedTo) }
}

export const KeptContext = createContext<Kept | null>(null)

export function useKept(): Kept {
  const kept = use(KeptContext)
  if (kept === null) throw new Error('a tab is shown only in a sandbox')
  return kept
}
