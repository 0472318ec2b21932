import { setTimeout as sleep } from 'node:timers/promises'
import { toErrorData } from '../../shared/errors.ts'
import { about, openMenu } from '../menus/menu.ts'
import { attach, startHere } from '../engine/attach.ts'
import { houseMirror, type HouseMirror } from '../engine/house-mirror.ts'
import { endpointOf, engineLink, type EngineLink, offers } from '../engine/link.ts'
import { channels } from '../ipc/channels.ts'
import { servePage } from '../ipc/serve-page.ts'
import { exportDiagnostics } from '../native/diagnostics.ts'
import { issuedPaths } from '../native/issued.ts'
import { nativeCalls } from '../native/native-calls.ts'
import { type KeepRunning, onWindowClose, openFront } from '../window/main-window.ts'
import { openQuitting } from './quitting.ts'
import { followEvents, notices } from '../menus/notices.ts'
import { shutDownAll } from '../menus/shut-down-all.ts'
import { openTray } from '../menus/tray.ts'
import { openShellMemory } from '../window/shell-state.ts'
import { places } from './shell-paths.ts'
import { settingsOf } from '../native/shell-settings.ts'
import { openable } from '../native/open-link.ts'
import type { Desk, Guard, System } from '../system/system.ts'
import { origin, scheme, serveBundle } from './bundle.ts'
import type { CallResult } from '../../shared/contract.ts'

const now = () => performance.now()

/** Puts the shell together: reads as the list of its parts, each with what it needs of those before. */
export async function runShell(start: ShellStart, { home, memoryFile, version }: { home: string; memoryFile: string; version: string }): Promise<void> {
  const { system, env } = start
  const { desk, dialogs, life } = system
  const at = places({ ...start, packaged: system.packaged, platform: system.platform })
  const memory = await openShellMemory(memoryFile, (text) => console.error(`the window's place could not be kept: ${text}`))
  desk.setTheme(memory.get().theme)
  confinePages({ guard: system.guard, desk, renderer: at.renderer })

  const reach = () => attach(home)
  const link = engineLink({
    attach: reach,
    startHere: () => startHere({ home, env: at.resources === null ? env : { ...env, BERTH_RESOURCES: at.resources }, log, attach: reach }),
    now,
    later,
    version,
  })
  const mirror = houseMirror(link)
  const keep = keepRunning(link)
  let trayWorks = false
  let ending: number | null = null

  const startEngine = () =>
    link.startHere().catch((thrown: unknown) => {
      const error = toErrorData(thrown)
      dialogs.error('Berth could not be started here', `${error.message}\n${error.next}`)
    })
  const endpoint = () => endpointOf(link)
  const issued = issuedPaths()
  const page = servePage({
    pipes: system.pipes,
    link,
    window: () => front.window(),
    now,
    native: (name, args) => native(name, args),
    answered: issued.answered,
  })
  const front = openFront({
    windows: system.windows,
    desk,
    dialogs,
    menus: system.menus,
    memory,
    now,
    preload: at.preload,
    icon: at.windowIcon,
    pageLeft: () => page.left(),
    command: (name) => page.command(name),
    closing: () => (quitting.quitting() ? 'close' : onWindowClose({ platform: system.platform, keep: keep.current(), tray: trayWorks })),
    quit: () => life.quit(),
    firstHidden: () =>
      desk.notify({ title: 'Berth goes on', body: 'Its sandboxes stay reachable. Quit it from the tray; Settings says what closing the window does.' }, () =>
        front.show(),
      ),
  })
  const native = nativeCalls({
    desk,
    dialogs,
    issued,
    endpoint,
    state: mirror.state,
    progress: (transfer, done, total) => front.window()?.send(channels.progress, { transfer, done, total }),
    setTheme(theme) {
      desk.setTheme(theme)
      memory.set({ theme })
    },
    startEngine: () => link.startHere(),
    retry: () => link.retry(),
    settings: settingsOf({ system, places: at, env, version }),
  })

  const tray = openTray({
    trays: system.trays,
    iconFile: at.trayIcon,
    act(does) {
      if (does.act === 'open') front.show()
      else if (does.act === 'settings') front.show('/settings')
      else if (does.act === 'sandbox') front.show(`/sandboxes/${does.id}${does.tab === null ? '' : `/${does.tab}`}`)
      else if (does.act === 'copy-address') void desk.copy(does.url)
      else if (does.act === 'new-sandbox') {
        front.show()
        page.command('new-sandbox')
      } else if (does.act === 'quit') life.quit()
      else if (does.act === 'start-engine') void startEngine()
      else void shutDownAll({ dialogs, desk, endpoint, state: mirror.state, progress: showEnding, show: () => front.show() })
    },
  })
  function showTray(): void {
    const state = link.current()
    const count = Object.keys(mirror.state()?.sandboxes ?? {}).length
    tray.update({ state: mirror.state(), link: state.state, offer: offers(state), ending: ending === null ? null : count })
  }
  function showEnding(left: number | null): void {
    ending = left
    showTray()
  }
  mirror.onChange(showTray)
  showTray()

  const quitting = openQuitting({
    life,
    dialogs,
    link,
    later,
    state: mirror.state,
    tray: () => trayWorks || keep.current() === 'on',
    hide: front.hide,
    tidy: () => memory.flush(),
  })
  openMenu({
    menus: system.menus,
    link,
    mac: system.platform === 'darwin',
    packaged: system.packaged,
    act(does) {
      if (does.act === 'command') {
        front.show()
        page.command(does.name)
      } else if (does.act === 'diagnostics') void exportDiagnostics({ endpoint, dialogs })
      else if (does.act === 'about') about(system, { version, icon: at.windowIcon })
      else if (does.act === 'quit') life.quit()
      else if (does.act === 'start-engine') void startEngine()
      else front.close()
    },
  })
  const notify = notices({ desk, visible: front.visible, show: front.show })
  followEvents(link, (event) => {
    notify(event)
    if (event.type === 'config.changed') keep.refresh()
  })
  life.onSecondInstance(() => front.show())
  life.onActivate(() => front.show())
  life.onResume(() => void afterSleep(link, mirror))

  const looked = system.trays.works().then((works) => {
    trayWorks = works
  })
  // Launched at login it starts in the tray, where there is one.
  if (start.argv.includes('--hidden')) {
    await looked
    if (!trayWorks) front.show()
  } else front.show()
  await link.open()
}

function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

function log(level: string, text: string, cause?: unknown): void {
  console.error(`${level}: ${text}${cause === undefined ? '' : ` (${cause instanceof Error ? cause.message : String(cause)})`}`)
}

/** What pages get and what they may: our own files, one permission, and no way off; a link to elsewhere opens in the browser. */
function confinePages({ guard, desk, renderer }: { guard: Guard; desk: Pick<Desk, 'openLink'>; renderer: string }): void {
  guard.serve(scheme, (request) => serveBundle(renderer, request))
  guard.allowPermissions(['clipboard-sanitized-write'])
  guard.confine(origin, (url) => {
    try {
      desk.openLink(openable(url)).catch((error: unknown) => console.error(`a link could not be opened: ${String(error)}`))
    } catch (error) {
      console.error(`a page wanted to go where no page may: ${String(error)}`)
    }
  })
}

/** `ui.keep_running` in force, from the engine; the last known while it is away. */
function keepRunning(link: EngineLink): { current(): KeepRunning; refresh(): void } {
  let value: KeepRunning = 'auto'
  function refresh(): void {
    const now = link.current()
    if (now.state !== 'open') return
    // An engine that goes meanwhile leaves what was known.
    now.engine.endpoint.call('config', {}).then(
      ({ values }) => {
        value = valueIn(values)
      },
      () => undefined,
    )
  }
  link.onChange(refresh)
  refresh()
  return { current: () => value, refresh }
}

function valueIn(values: CallResult<'config'>['values']): KeepRunning {
  const found = values.find(({ key }) => key === 'ui.keep_running')?.value
  return found === 'on' || found === 'off' ? found : 'auto'
}

/** What the shell is started with. */
export interface ShellStart {
  readonly system: System
  readonly env: NodeJS.ProcessEnv
  /** Where the built main file lies. */
  readonly here: string
  readonly resourcesPath: string
  readonly execPath: string
  readonly argv: readonly string[]
}

const patienceMs = 5000

/** The machine slept: the engine looks again at what is there, and so do we. One that does not answer is given up and looked for anew. */
async function afterSleep(link: EngineLink, mirror: Pick<HouseMirror, 'resync'>): Promise<void> {
  const now = link.current()
  if (now.state !== 'open') return link.retry()
  mirror.resync()
  // However it answers: it is there.
  const asked = now.engine.endpoint.call('retry', {}).then(
    () => true,
    () => true,
  )
  if (!(await Promise.race([asked, sleep(patienceMs, false, { ref: false })]))) await link.drop('it did not answer after the machine slept')
}
