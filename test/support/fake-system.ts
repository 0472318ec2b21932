import { EventEmitter } from 'node:events'
import type { Bounds, Item, MainWindow, PagePort, Question, SchemeAnswer, Sender, Spot, System } from '../../app/system/system.ts'
import type { Answer, EngineState, PreloadApi } from '../../shared/wire/preload-api.ts'
import { channels } from '../../app/ipc/channels.ts'
import { latest, preloadNative } from '../../app/ipc/page-native.ts'
import type { PortEnd } from '../../renderer/transport/port-connector.ts'

const ours: Sender = { ours: true, mainFrame: true, origin: 'app://bundle' }

/** A page's window, as Electron would keep it: what was asked of it, and the page's own preload at its other end. */
export interface FakeWindow extends MainWindow {
  readonly loaded: string[]
  /** What the page's preload offers, of the load of this moment. */
  readonly page: PreloadApi
  /** Every port that comes to it. */
  ports(listener: (port: PortEnd) => void): () => void
  /** A person closes it. */
  close(): void
  crash(): void
  /** A right click in the page, as the system tells of it. */
  rightClick(spot: Spot): void
  /** Loads the page anew, as a reload does. */
  reloads: number
}

/**
 * Electron's edge, replaced: keeps what the shell asked for and lets a test be the person, the page and the system. Everything
 * that crosses from page to shell is cloned, as Electron does.
 */
export function fakeSystem(options: { platform?: NodeJS.Platform; packaged?: boolean; tray?: boolean; first?: boolean } = {}) {
  const life = new EventEmitter()
  const handlers = new Map<string, (sender: Sender, args: readonly unknown[]) => Promise<unknown>>()
  const listeners = new Map<string, (sender: Sender, args: readonly unknown[]) => void>()
  const windows: FakeWindow[] = []
  const record = {
    userData: '',
    scheme: '',
    permissions: [] as readonly string[],
    origin: '',
    exit: null as number | null,
    quits: 0,
    tray: null as { icon: string; tooltip: string; items: readonly Item<unknown>[]; act: (does: never) => void } | null,
    menu: null as { items: readonly Item<unknown>[]; act: (does: never) => void } | null,
    popups: [] as string[][],
    abouts: [] as { name: string; version: string; text: string }[],
    notices: [] as { title: string; body: string; click: () => void }[],
    questions: [] as Question[],
    errors: [] as string[],
    copied: [] as string[],
    opened: [] as string[],
    revealed: [] as string[],
    theme: '',
    serve: null as ((request: { url: string; method: string }) => Promise<SchemeAnswer>) | null,
  }
  const answers: { match: RegExp; button: string }[] = []
  const saves: (string | null)[] = []

  const ask = (channel: string, args: readonly unknown[], sender = ours) => {
    const handler = handlers.get(channel)
    if (!handler) throw new Error(`nobody handles ${channel}`)
    return handler(sender, structuredClone(args)) as Promise<Answer>
  }

  function openWindow(): FakeWindow {
    const events = new EventEmitter()
    let shown = false
    let gone = false
    let bounds: Bounds = { x: 10, y: 10, width: 1280, height: 800 }
    let toPage = new EventEmitter()
    let page: PreloadApi | null = null
    const window: FakeWindow = {
      loaded: [],
      reloads: 0,
      get page() {
        if (!page) throw new Error('no page is loaded')
        return page
      },
      ports(listener) {
        const heard = toPage
        heard.on(channels.pipe, listener)
        return () => heard.off(channels.pipe, listener)
      },
      bounds: () => bounds,
      maximised: () => false,
      visible: () => shown,
      fullScreen: () => false,
      destroyed: () => gone,
      show() {
        shown = true
      },
      hide() {
        shown = false
      },
      maximise: () => undefined,
      leaveFullScreen: () => undefined,
      load(url) {
        window.loaded.push(url)
        loadPage()
        setImmediate(() => events.emit('ready'))
      },
      reload() {
        window.reloads += 1
        loadPage()
      },
      send: (channel, value) => void toPage.emit(channel, structuredClone(value)),
      openPort(channel) {
        const { port, end } = portPair()
        toPage.emit(channel, end)
        return port
      },
      onReady: (listener) => void events.once('ready', listener),
      onClose: (listener) => void events.on('close', listener),
      onClosed: (listener) => void events.on('closed', listener),
      onChanged: (listener) => void events.on('changed', listener),
      onCrash: (listener) => void events.on('crash', listener),
      onContextMenu: (listener) => void events.on('context-menu', listener),
      rightClick: (spot) => void events.emit('context-menu', spot),
      close() {
        let prevented = false
        events.emit('close', {
          prevent: () => {
            prevented = true
          },
        })
        if (prevented) return
        gone = true
        events.emit('closed')
      },
      crash: () => void events.emit('crash', 'crashed'),
    }
    function loadPage(): void {
      const heard = (toPage = new EventEmitter())
      const engine = latest<EngineState>()
      const commands = latest<string>()
      const progress = latest<{ transfer: number; done: number; total: number }>()
      heard.on(channels.engine, engine.heard).on(channels.progress, progress.heard).on(channels.command, commands.heard)
      page = {
        openPipe: () => listeners.get(channels.pipe)?.(ours, []),
        onEngine: (listener) => engine.listen(listener),
        native: preloadNative({
          ask: (name, ...args) => ask(channels.native, [name, ...args]),
          pathOf: (file) => String(file),
          onCommand: commands.later,
          onProgress: progress.later,
        }),
      }
      // Before any script of the page, as the real preload does.
      listeners.get(channels.loaded)?.(ours, [])
    }
    windows.push(window)
    bounds = { ...bounds }
    return window
  }

  const system: System = {
    platform: options.platform ?? 'linux',
    packaged: options.packaged ?? false,
    electron: '45.0.0-fake',
    life: {
      useData: (directory) => {
        record.userData = directory
      },
      claim: () => options.first ?? true,
      ready: () => Promise.resolve(),
      onSecondInstance: (listener) => void life.on('second', listener),
      onActivate: (listener) => void life.on('activate', listener),
      onQuit: (listener) => void life.on('quit', listener),
      onWindowsClosed: (listener) => void life.on('windows-closed', listener),
      onSessionEnd: (listener) => void life.on('session-end', listener),
      onResume: (listener) => void life.on('resume', listener),
      quit() {
        record.quits += 1
        let prevented = false
        life.emit('quit', {
          prevent: () => {
            prevented = true
          },
        })
        if (!prevented) record.exit ??= 0
      },
      exit: (code) => {
        record.exit ??= code
      },
    },
    windows: { open: openWindow, workAreas: () => [{ x: 0, y: 0, width: 1920, height: 1040 }] },
    menus: {
      setApplicationMenu: (items, act) => {
        record.menu = { items, act: act as (does: never) => void }
      },
      popUp: (items) => void record.popups.push(items.map(({ role, separator }) => (separator ? '-' : (role ?? '')))),
    },
    trays: {
      works: () => Promise.resolve(options.tray ?? true),
      open: (icon) => ({
        show: (look, act) => {
          record.tray = { ...look, act: act as (does: never) => void }
        },
        onPress: (listener) => void life.on('press', listener),
        remove: () => {
          record.tray = null
        },
        icon,
      }),
    },
    dialogs: {
      ask(question) {
        record.questions.push(question)
        const index = answers.findIndex(({ match }) => match.test(question.message))
        const [answer] = index < 0 ? [] : answers.splice(index, 1)
        if (!answer) throw new Error(`nobody answers: ${question.message}`)
        return Promise.resolve(question.buttons.indexOf(answer.button))
      },
      saveFile: () => Promise.resolve(saves.shift() ?? null),
      error: (title, text) => void record.errors.push(`${title}\n${text}`),
    },
    desk: {
      openLink: (url) => Promise.resolve(void record.opened.push(url)),
      openDirectory: (path) => Promise.resolve(void record.opened.push(path)),
      reveal: (path) => void record.revealed.push(path),
      copy: (text) => Promise.resolve(void record.copied.push(text)),
      about: (facts) => void record.abouts.push(facts),
      notify: (notice, click) => void record.notices.push({ ...notice, click }),
      setTheme: (theme) => {
        record.theme = theme
      },
      dark: () => false,
      onDark: () => undefined,
      login: null,
    },
    pipes: { handle: (channel, handler) => void handlers.set(channel, handler), on: (channel, listener) => void listeners.set(channel, listener) },
    guard: {
      registerScheme: (scheme) => {
        record.scheme = scheme
      },
      serve: (_scheme, handler) => {
        record.serve = handler
      },
      allowPermissions: (names) => {
        record.permissions = names
      },
      confine: (origin) => {
        record.origin = origin
      },
    },
  }

  const labels = (items: readonly Item<unknown>[] = []) => items.map(({ label, role, separator }) => (separator ? '-' : (label ?? role ?? '')))
  return {
    system,
    record,
    windows,
    ask,
    /** A message that wants no answer. */
    tell: (channel: string, sender = ours) => listeners.get(channel)?.(sender, []),
    labels: () => labels(record.tray?.items),
    /** Clicks in the tray, or, with more than one label, in the application's menu. */
    click(...names: string[]): void {
      const shown = names.length === 1 ? record.tray : record.menu
      let items = shown?.items ?? []
      let found: Item<unknown> | undefined
      for (const name of names) {
        found = items.find(({ label }) => label?.replace(/&(.)/g, '$1') === name)
        items = found?.items ?? []
      }
      if (!found || found.enabled === false) throw new Error(`no ${names.join(' > ')} to click: ${labels(shown?.items).join(', ')}`)
      shown?.act(found.does as never)
    },
    answer: (match: RegExp, button: string) => void answers.push({ match, button }),
    save: (file: string | null) => void saves.push(file),
    event: (name: 'second' | 'activate' | 'session-end' | 'resume' | 'press') => void life.emit(name),
  }
}

/** Both ends of a port; frames are cloned and arrive later, in order. */
function portPair(): { port: PagePort; end: PortEnd } {
  let toShell: ((frame: unknown) => void) | null = null
  let open = true
  const early: unknown[] = []
  const pass = (frame: unknown, to: (frame: unknown) => void) => {
    const copy: unknown = structuredClone(frame)
    setImmediate(() => {
      if (open) to(copy)
    })
  }
  let toPage: ((frame: unknown) => void) | null = null
  const end: PortEnd = {
    send: (frame) => pass(frame, (copy) => toShell?.(copy)),
    listen(heard) {
      toPage = heard
      early.splice(0).forEach((frame) => heard(frame))
    },
    close: () => {
      open = false
    },
  }
  return {
    port: {
      send: (frame) => pass(frame, (copy) => (toPage ? toPage(copy) : void early.push(copy))),
      listen: ({ frame }) => {
        toShell = frame
      },
      close: () => {
        open = false
      },
    },
    end,
  }
}
