import type { FinishedCommand, RunningCommand, SlotRow, UiSession } from '../../../shared/state.ts'
import type { Terminal } from '../../../shared/terminal.ts'

/** Hears that something changed; what, it asks for itself. Ends by the function it gave back. */
export type Changes = (listener: () => void) => () => void
/** The same for one sandbox, by its id. */
export type SandboxChanges = (listener: (id: string) => void) => () => void

/** What the live state is made of beside the provider's own: each part belongs to another room. */
export interface Sources {
  readonly commands: {
    running(sandbox: string): readonly RunningCommand[]
    finished(sandbox: string): readonly FinishedCommand[]
    readonly onChange: SandboxChanges
  }
  readonly terminals: { of(sandbox: string): readonly Terminal[]; readonly onChange: SandboxChanges }
  readonly sessions: { all(): readonly UiSession[]; readonly onChange: Changes }
  readonly slots: { wanted(): number; all(): readonly SlotRow[]; off(): string | null; readonly onChange: Changes }
}
