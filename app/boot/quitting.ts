import type { HouseState } from '../../shared/state.ts'
import type { EngineLink } from '../engine/link.ts'
import type { Dialogs, Life } from '../system/system.ts'
import { backendKinds } from '../../shared/backends.ts'

/** What somebody would lose, or wonder about, if this process ended now. */
export interface Stakes {
  /** Whether this very process runs the engine: an attached one leaves it running. */
  readonly here: boolean
  /** Sandboxes that somebody holds. */
  readonly held: number
  readonly commands: number
  readonly terminals: number
  /** Sandboxes end with the engine, whatever is wanted. */
  /** Its sandboxes end with the engine. */
  readonly ends: boolean
  /** Whether a tray could keep it running. */
  readonly tray: boolean
}

type QuitChoice = 'tray' | 'keep' | 'destroy' | 'cancel'

export type QuitPlan =
  | { readonly do: 'leave' }
  | { readonly do: 'close'; readonly withinMs: number }
  | {
      readonly do: 'ask'
      readonly message: string
      readonly detail: string
      readonly choices: readonly { readonly choice: QuitChoice; readonly label: string }[]
    }

/** Longest that a person waits for an orderly end: the stop's grace, and a slow container engine. */
const orderlyMs = 30_000
/** The login session ends: the system kills what is still there soon. */
const sessionMs = 4500

export function stakesOf(state: HouseState | null, { here, tray }: { here: boolean; tray: boolean }): Stakes {
  const rows = Object.values(state?.sandboxes ?? {})
  const count = (of: (row: (typeof rows)[number]) => number) => rows.reduce((sum, row) => sum + of(row), 0)
  return {
    here,
    tray,
    held: rows.filter((row) => row.holders.length > 0).length,
    commands: count((row) => row.commands.length),
    terminals: count((row) => row.terminals.filter((one) => one.ended === null).length),
    ends: state !== null && backendKinds[state.house.backend.kind].endsWithEngine,
  }
}

/** Whether to ask before quitting, and what. `person`: somebody chose Quit; `session`: the login session ends. */
export function quitPlan(stakes: Stakes, why: 'person' | 'session'): QuitPlan {
  if (!stakes.here) return { do: 'leave' }
  if (why === 'session') return { do: 'close', withinMs: sessionMs }
  const { held, commands, terminals } = stakes
  if (held + commands + terminals === 0) return { do: 'close', withinMs: orderlyMs }
  const parts = [
    held > 0 ? `${held} ${held === 1 ? 'sandbox is' : 'sandboxes are'} in use` : null,
    commands > 0 ? `${commands} ${commands === 1 ? 'command runs' : 'commands run'}` : null,
    terminals > 0 ? `${terminals} ${terminals === 1 ? 'terminal is' : 'terminals are'} open` : null,
  ].filter((part) => part !== null)
  return {
    do: 'ask',
    message: 'Quit Berth?',
    detail: `${listed(parts)}. ${
      stakes.ends
        ? 'Sandboxes of this backend end with Berth; their files stay.'
        : 'Agents cannot reach a sandbox while Berth is not running. Files stay in any case.'
    }`,
    choices: [
      ...(stakes.tray ? [{ choice: 'tray' as const, label: 'Keep running in the tray' }] : []),
      ...(stakes.ends ? [] : [{ choice: 'keep' as const, label: 'Quit and keep sandboxes' }]),
      { choice: 'destroy', label: 'Shut down all and quit' },
      { choice: 'cancel', label: 'Cancel' },
    ],
  }
}

/** What the engine is closed with. null: as `on_exit` says. */
export function closeMode(choice: QuitChoice | null): { sandboxes?: 'keep' | 'destroy' } {
  return choice === 'keep' ? { sandboxes: 'keep' } : choice === 'destroy' ? { sandboxes: 'destroy' } : {}
}

const deadline = orderlyMs

function listed(parts: readonly string[]): string {
  const text = parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export interface QuitDeps {
  readonly life: Life
  readonly dialogs: Dialogs
  readonly link: EngineLink
  state(): HouseState | null
  /** Whether a tray is there to keep running in. */
  tray(): boolean
  hide(): void
  /** What else is to be tidied up, quickly. */
  tidy(): Promise<void>
  later(ms: number, run: () => void): () => void
}

/** How the app quits: asks where something would be lost, closes what it runs within a time, and only then lets go. */
export function openQuitting(deps: QuitDeps): { quitting(): boolean } {
  const { life } = deps
  let phase: 'running' | 'asking' | 'closing' | 'done' = 'running'

  async function close(choice: QuitChoice | null, withinMs: number): Promise<void> {
    phase = 'closing'
    // Whatever hangs: the process ends.
    const takeBack = deps.later(withinMs, () => life.exit(1))
    try {
      await deps.link.close(closeMode(choice))
      await deps.tidy()
    } catch (error) {
      console.error(`the engine did not close in order: ${String(error)}`)
    }
    takeBack()
    phase = 'done'
    life.quit()
  }

  async function ask(plan: Extract<ReturnType<typeof quitPlan>, { do: 'ask' }>): Promise<void> {
    phase = 'asking'
    const cancel = plan.choices.length - 1
    const answer = await deps.dialogs.ask({
      kind: 'question',
      message: plan.message,
      detail: plan.detail,
      buttons: plan.choices.map(({ label }) => label),
      yes: 0,
      no: cancel,
    })
    const choice = plan.choices[answer]?.choice ?? 'cancel'
    // The login session may have ended meanwhile.
    if (phase !== 'asking') return
    phase = 'running'
    if (choice === 'tray') deps.hide()
    else if (choice !== 'cancel') await close(choice, deadline)
  }

  life.onQuit((event) => {
    if (phase === 'done') return
    event.prevent()
    if (phase !== 'running') return
    const plan = quitPlan(stakesOf(deps.state(), { here: runsHere(deps.link), tray: deps.tray() }), 'person')
    if (plan.do === 'ask') void ask(plan)
    else void close(null, plan.do === 'close' ? plan.withinMs : deadline)
  })
  life.onSessionEnd(() => {
    if (phase === 'closing' || phase === 'done') return
    const plan = quitPlan(stakesOf(deps.state(), { here: runsHere(deps.link), tray: false }), 'session')
    void close(null, plan.do === 'close' ? plan.withinMs : 2000)
  })
  return { quitting: () => phase === 'closing' || phase === 'done' }
}

function runsHere(link: EngineLink): boolean {
  const state = link.current()
  return state.state === 'open' && state.engine.here
}
