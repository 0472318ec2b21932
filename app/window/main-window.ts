import { origin } from '../boot/bundle.ts'
import type { Bounds, Desk, Dialogs, MainWindow, Menus, Windows } from '../system/system.ts'
import { contextMenu } from '../menus/menu.ts'
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
      bounds: openingBounds(bounds, windows.workAreas()),
      background: deps.desk.dark() ? backgrounds.dark : backgrounds.light,
      preload: deps.preload,
      icon: deps.icon,
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
      kind: 'error',
      message: 'The window keeps failing',
      detail: `Its process ended (${reason}) again and again. Berth and its sandboxes go on.`,
      buttons: ['Load it again', 'Close the window'],
      yes: 0,
      no: 1,
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

const size = { width: 1280, height: 800 }
/** So much of the title bar must be on a display that it can be taken hold of. */
const grip = { width: 120, height: 32 }

/** Where the window opens: where it was, unless that is on no display any more; then in the middle of the first. */
export function openingBounds(kept: Bounds | null, areas: readonly Bounds[]): { width: number; height: number; x?: number; y?: number } {
  const area = kept ? areas.find((one) => holds(one, kept)) : undefined
  if (kept && area) {
    return { x: kept.x, y: kept.y, width: Math.max(720, Math.min(kept.width, area.width)), height: Math.max(480, Math.min(kept.height, area.height)) }
  }
  const first = areas[0]
  if (!first) return size
  return { width: Math.min(size.width, first.width), height: Math.min(size.height, first.height) }
}

function holds(area: Bounds, window: Bounds): boolean {
  const wide = Math.min(window.x + window.width, area.x + area.width) - Math.max(window.x, area.x)
  return wide >= grip.width && window.y >= area.y - 1 && window.y + grip.height <= area.y + area.height
}

/** A page that crashes is loaded again, but not for ever: three times in a minute, then a person decides. */
export function reloadAfterCrash(crashes: readonly number[], now: number): { reload: boolean; crashes: readonly number[] } {
  const recent = [...crashes.filter((at) => now - at < 60_000), now]
  return { reload: recent.length <= 3, crashes: recent }
}

export type KeepRunning = 'auto' | 'on' | 'off'

/** What closing the window does: the window hides and Berth goes on, or Berth quits. */
export function onWindowClose(facts: { platform: NodeJS.Platform; keep: KeepRunning; tray: boolean }): 'hide' | 'quit' {
  if (facts.keep !== 'auto') return facts.keep === 'on' ? 'hide' : 'quit'
  // A mac keeps an app without windows in its dock. Elsewhere the tray is the only way back.
  return facts.platform === 'darwin' || facts.tray ? 'hide' : 'quit'
}
