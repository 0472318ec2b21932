import { createContext, use } from 'react'
import type { SandboxRow } from '../../shared/state.ts'
import { useHouse } from '../state/contexts.ts'
import type { Format } from '../words/format.ts'
import { nameOf } from '../state/rows.logic.ts'
import { asBerthError } from '../../shared/errors.ts'

/** What a person does with sandboxes, from the list, a sandbox's own page, the palette, the menu and the tray. Stable for as long as the window. */
export interface SandboxActions {
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

export const SandboxActionsContext = createContext<SandboxActions | null>(null)

export function useSandboxActions(): SandboxActions {
  const found = use(SandboxActionsContext)
  if (found === null) throw new Error('used outside of ActionsHost')
  return found
}

/** Rows as they are by now: a dialog that asks is answered by what is so, not by what was so when it opened. What is gone is left out. */
export function useLiveRows(rows: readonly SandboxRow[]): readonly SandboxRow[] {
  return useHouse(({ sandboxes }) => rows.flatMap(({ id }) => sandboxes[id] ?? []))
}

/** One by its name, several by their number. */
export function namesOf(rows: readonly SandboxRow[], format: Format): string {
  const [first] = rows
  return rows.length === 1 && first !== undefined ? shortName(nameOf(first)) : format.count(rows.length, 'sandbox', 'sandboxes')
}

/** A UUID without its middle, as everywhere. */
export function shortName(name: string): string {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name) ? `${name.slice(0, 8)}…${name.slice(-5)}` : name
}

/** What came of doing one thing to several. */
export interface Done {
  readonly done: number
  readonly failed: number
  /** The first failure's sentence. */ readonly first: string
}

/** All at once; one that fails does not keep the others from it. */
export async function runAll<T>(all: readonly T[], act: (one: T) => Promise<unknown>): Promise<Done> {
  const results = await Promise.allSettled(all.map(act))
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [asBerthError(result.reason)] : []))
  const [first] = failures
  return { done: results.length - failures.length, failed: failures.length, first: first === undefined ? '' : `${first.message}. ${first.next}` }
}
