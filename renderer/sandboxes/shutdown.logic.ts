import type { SandboxRow } from '../../shared/state.ts'

/** What a shutdown of everything would end. */
export interface Losses {
  /** In use, each with what runs. */
  readonly inUse: readonly SandboxRow[]
  readonly working: number
  readonly warm: readonly SandboxRow[]
  readonly creating: readonly SandboxRow[]
}

export function lossesOf(sandboxes: readonly SandboxRow[]): Losses {
  const of = (...statuses: SandboxRow['status'][]) => sandboxes.filter(({ status }) => statuses.includes(status))
  const inUse = of('active')
  return { inUse, working: inUse.filter(({ commands, terminals }) => commands.length > 0 || terminals.some(({ ended }) => ended === null)).length, warm: of('warm', 'paused'), creating: of('creating') }
}

export interface Going { readonly id: string; readonly name: string; readonly state: 'waiting' | 'stopping' | 'gone' }

/** How far each of those that were there has come. */
export function progressOf(was: readonly { readonly id: string; readonly name: string }[], now: Readonly<Record<string, SandboxRow>>): readonly Going[] {
  return was.map(({ id, name }) => {
    const row = now[id]
    return { id, name, state: row === undefined || row.status === 'failed' ? 'gone' : row.status === 'stopping' ? 'stopping' : 'waiting' }
  })
}
