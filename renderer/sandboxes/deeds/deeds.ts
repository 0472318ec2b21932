import { createContext, use } from 'react'
import type { SandboxRow } from '../../../shared/state.ts'

/** What a person does with sandboxes, from the list, a sandbox's own page, the palette, the menu and the tray. Stable for as long as the window. */
export interface Deeds {
  terminal(id: string): void
  logs(id: string): void
  files(id: string): void
  open(id: string): void
  /** Ends holds; asks first where they are somebody else's. */
  release(rows: readonly SandboxRow[]): void
  /** Asks, and says what is lost. */
  destroy(rows: readonly SandboxRow[]): void
  /** Gives up what is being made. */
  cancel(row: SandboxRow): void
  /** Acquires a failed one's thread again. */
  again(row: SandboxRow): void
  /** The same for any thread. What goes wrong is told here; it never throws. */
  acquire(thread: string, user: string): Promise<void>
  dismiss(row: SandboxRow): void
  /** Opens the dialog. */
  create(): void
  /** Acquires a thread at once and opens a terminal in its sandbox. */
  begin(thread: string): void
  shutDown(): void
}

export const DeedsContext = createContext<Deeds | null>(null)

export function useDeeds(): Deeds {
  const found = use(DeedsContext)
  if (found === null) throw new Error('used outside of DeedsHost')
  return found
}
