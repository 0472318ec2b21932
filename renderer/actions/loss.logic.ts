import { holdersOf } from '../words/who.ts'
import type { RunningCommand, SandboxRow } from '../../shared/state.ts'

/** What ends with some sandboxes. */
export interface Loss {
  readonly commands: readonly { readonly command: RunningCommand; readonly row: SandboxRow }[]
  readonly terminals: number
  /** Each once. */
  readonly holders: readonly string[]
  /** Those whose files end with them. */
  readonly anonymous: number
  /** Those whose files stay. */
  readonly threads: number
}

export function lossOf(rows: readonly SandboxRow[]): Loss {
  return {
    commands: rows.flatMap((row) => row.commands.map((command) => ({ command, row }))),
    terminals: rows.reduce((sum, { terminals }) => sum + terminals.filter(({ ended }) => ended === null).length, 0),
    holders: [...new Set(rows.flatMap(holdersOf))],
    anonymous: rows.filter(({ thread }) => thread === null).length,
    threads: rows.filter(({ thread }) => thread !== null).length,
  }
}
