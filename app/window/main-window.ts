import { origin } from '../boot/bundle.ts'
import type { Desk } from '../system/desk.ts'
import type { Dialogs } from '../system/dialogs.ts'
import { contextMenu } from '../menus/context-plan.ts'
import type { Menus } from '../system/menu.ts'
import type { MainWindow, Windows } from '../system/window.ts'
import { openingBounds } from './bounds.ts'
import { reloadAfterCrash } from './reload-plan.ts'
import type { ShellMemory } from './shell-state.ts'

export interface FrontDeps {
  readonly windows: Windows
  readonly desk: Desk
  readonly dialogs: Dialogs
  readonly menus: Pick<Menus, 'popUp'>
  readonly memory: ShellMemory
  readonly preload: string
  readonly icon: string | null
  now(): number
  /** Its page is gone; one that is loaded anew says so itself. */
  pageLeft(): void
  command(name: string): void
  /** A person closed it: what becomes of it. */
  closing(): 'hide' | 'quit' | 'close'
  quit(): void
  /** It was hidden by closing, for the first time ever. */
  firstHidden(): void
}

/** The one main window, as the rest of the shell sees it. */
export interface Front {
  window(): MainWindow | null
  visible(): boolean
  /** Opens it, or brings it to the front. With a path the page goes there. */
  show(path?: string): void
  hide(): void
  /** As if a person had closed it. */
  close(): void
}

const backgrounds = { light: '#ffffff', dark: '#16191c' }

/** Opens, keeps and finds again the main window; the page in it is loaded once and lives on while it is hidden. */
export function openFront(deps: FrontDeps): Front {
  const { memory, windows } = deps
  let window: MainWindow | null = null
  let crashes: readonly number[] = []

  function open(path: string): void {
    const { bounds, maximised } = memory.get()
    const made = windows.open({
      bounds: openingBounds(bounds, windows.workAreas()), background: deps.desk.dark() ? backgrounds.dark : backgrounds.light, preload: deps.preload, icon: deps.icon,
    })
    window = made
    made.onReady(() => {
      if (maximised) made.maximise()
      made.show()
    })
    made.onChanged(() => {
      if (!made.fullScreen()) memory.set({ bounds: made.bounds(), maximised: made.maximised() })
    })
    made.onClosed(() => {
      deps.pageLeft()
      window = null
    })
    made.onContextMenu((spot) => {
      const items = contextMenu(spot)
      if (items.length > 0) deps.menus.popUp(items)
    })
    made.onCrash((reason) => void crashed(made, reason))
    made.onClose((event) => {
      const what = deps.closing()
      if (what === 'close') return
      event.prevent()
      if (what === 'quit') deps.quit()
      else hide()
    })
    made.load(`${origin}/index.html#${path}`)
  }

  function hide(): void {
    // A full-screen window of a Mac leaves a black screen behind.
    if (window?.fullScreen()) window.leaveFullScreen()
    window?.hide()
    if (memory.get().told) return
    memory.set({ told: true })
    deps.firstHidden()
  }

  async function crashed(made: MainWindow, reason: string): Promise<void> {
    const plan = reloadAfterCrash(crashes, deps.now())
    crashes = plan.crashes
    deps.pageLeft()
    if (plan.reload) return made.reload()
    const answer = await deps.dialogs.ask({
      kind: 'error', message: 'The window keeps failing', detail: `Its process ended (${reason}) again and again. Berth and its sandboxes go on.`,
      buttons: ['Load it again', 'Close the window'], yes: 0, no: 1,
    })
    if (answer !== 0) return made.hide()
    crashes = []
    made.reload()
  }

  return {
    window: () => window,
    visible: () => window?.visible() === true,
    show(path) {
      if (!window) open(path ?? '/sandboxes')
      else {
        if (path !== undefined) deps.command(`go:${path}`)
        window.show()
      }
    },
    hide,
    close: () => window?.close(),
  }
}
