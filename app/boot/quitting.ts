import type { HouseState } from '../../shared/state.ts'
import type { EngineLink } from '../engine/link.ts'
import type { Dialogs } from '../system/dialogs.ts'
import type { Life } from '../system/life.ts'
import { closeMode, deadline, type QuitChoice, quitPlan, stakesOf } from './quit-plan.ts'

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
      kind: 'question', message: plan.message, detail: plan.detail, buttons: plan.choices.map(({ label }) => label), yes: 0, no: cancel,
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
