import { randomBytes } from 'node:crypto'
import { fail } from '../../../shared/errors.ts'
import { listeners } from '../../../shared/listeners.ts'
import type { FinishedCommand, RunningCommand } from '../../../shared/state.ts'
import type { Clock } from '../../base/clock.ts'

/** Commands that run, or ran last, in sandboxes: those that came through Berth. */
export interface Commands {
  /** Runs one under a number by which it can be interrupted. */
  run<T extends { readonly exitCode: number | null }>(
    of: { sandbox: string; command: string; who: string; signal: AbortSignal },
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>
  interrupt(id: string, who: string): boolean
  running(sandbox: string): readonly RunningCommand[]
  finished(sandbox: string): readonly FinishedCommand[]
  readonly onChange: (listener: (sandbox: string) => void) => () => void
}

/** Of one sandbox, newest first. */
const keptEach = 5
const keptSandboxes = 500
const shownCharacters = 500

export function openCommands(clock: Clock): Commands {
  const running = new Map<string, { readonly sandbox: string; readonly row: RunningCommand; readonly control: AbortController }>()
  const finished = new Map<string, readonly FinishedCommand[]>()
  const { tell: changed, on: onChange } = listeners<[sandbox: string]>()
  const iso = () => new Date(clock.wall()).toISOString()

  function end(id: string, exitCode: number | null): void {
    const it = running.get(id)
    if (!it) return
    running.delete(id)
    const row = { ...it.row, ended_at: iso(), exit_code: exitCode }
    const before = finished.get(it.sandbox) ?? []
    finished.delete(it.sandbox)
    finished.set(it.sandbox, [row, ...before].slice(0, keptEach))
    for (const oldest of finished.keys()) if (finished.size > keptSandboxes) finished.delete(oldest)
    changed(it.sandbox)
  }

  return {
    async run({ sandbox, command, who, signal }, work) {
      const id = randomBytes(6).toString('hex')
      const control = new AbortController()
      const shown = command.length > shownCharacters ? `${command.slice(0, shownCharacters)}…` : command
      running.set(id, { sandbox, control, row: { id, command: shown, who, since: iso() } })
      changed(sandbox)
      let code: number | null = null
      try {
        const result = await work(AbortSignal.any([signal, control.signal]))
        code = result.exitCode
        return result
      } finally {
        end(id, code)
      }
    },
    interrupt(id, who) {
      const it = running.get(id)
      if (!it) return false
      it.control.abort(fail('CANCELLED', `The command was interrupted by ${who}`, { next: 'Ask them why, or run it again.' }))
      return true
    },
    running: (sandbox) => [...running.values()].filter((it) => it.sandbox === sandbox).map((it) => it.row),
    finished: (sandbox) => finished.get(sandbox) ?? [],
    onChange,
  }
}
