/**
 * All that the shell needs of Electron. `app/electron/` does it with the real one and holds no decision; a test hands in a
 * record of what was asked.
 */
export interface System {
  readonly platform: NodeJS.Platform
  readonly packaged: boolean
  readonly electron: string
  readonly life: Life
  readonly windows: Windows
  readonly menus: Menus
  readonly trays: Trays
  readonly dialogs: Dialogs
  readonly desk: Desk
  readonly pipes: Pipes
  readonly guard: Guard
}

export type Theme = 'system' | 'light' | 'dark'

/** The rest of the desktop around the app. */
export interface Desk {
  openLink(url: string): Promise<void>
  /** Throws where the system cannot. */
  openDirectory(path: string): Promise<void>
  reveal(path: string): void
  copy(text: string): Promise<void>
  /** The system's panel about an app. `icon`: a file; null: the app's own. */
  about(facts: { name: string; version: string; icon: string | null; text: string }): void
  notify(notice: { title: string; body: string }, onClick: () => void): void
  setTheme(theme: Theme): void
  dark(): boolean
  onDark(listener: () => void): void
  /** null: this system has no such setting of its own. */
  login: { get(): boolean; set(on: boolean): void } | null
}

export interface Question {
  readonly message: string
  readonly detail?: string
  readonly buttons: readonly string[]
  /** Which button Enter presses, and which Escape does. */
  readonly yes: number
  readonly no: number
  readonly kind: 'question' | 'warning' | 'error' | 'info'
}

/** What stops everything until a person has answered. */
export interface Dialogs {
  /** Gives the button's index. */
  ask(question: Question): Promise<number>
  /** null: they changed their mind. */
  saveFile(options: { title: string; name: string }): Promise<string | null>
  /** Before `ready` as well. */
  error(title: string, text: string): void
}

/** Something is about to happen, and may be prevented. */
interface Ask {
  prevent(): void
}

/** The life of the process, as far as the system has a say in it. */
export interface Life {
  /** Where Chromium keeps its own files, and with them the single-instance lock. To be said before `claim`. */
  useData(directory: string): void
  /** False: another process of this home is the app, and has been told to show itself. */
  claim(): boolean
  ready(): Promise<void>
  onSecondInstance(listener: () => void): void
  /** macOS: its dock icon was clicked. */
  onActivate(listener: () => void): void
  /** The app is about to quit, whoever asked for it. */
  onQuit(listener: (ask: Ask) => void): void
  /** Without a listener the system would quit once the last window is closed. */
  onWindowsClosed(listener: () => void): void
  /** The login session or the machine ends, or a signal came: nobody is there to be asked. */
  onSessionEnd(listener: () => void): void
  /** The machine slept and is back. */
  onResume(listener: () => void): void
  quit(): void
  /** At once, asking nobody. */
  exit(code: number): void
}

export type MenuRole =
  | 'about'
  | 'quit'
  | 'hide'
  | 'hideOthers'
  | 'unhide'
  | 'undo'
  | 'redo'
  | 'cut'
  | 'copy'
  | 'paste'
  | 'selectAll'
  | 'minimize'
  | 'zoom'
  | 'togglefullscreen'
  | 'resetZoom'
  | 'zoomIn'
  | 'zoomOut'
  | 'toggleDevTools'
  | 'services'
  | 'front'

/** A menu as data: what stands in it, and by a value what it does. */
export interface Item<D> {
  readonly label?: string
  readonly role?: MenuRole
  readonly separator?: true
  readonly enabled?: boolean
  readonly checked?: boolean
  readonly keys?: string
  /** The page acts on its keys itself: they are told here, not taken from what has the focus there. */
  readonly told?: true
  readonly does?: D
  readonly items?: readonly Item<D>[]
}

export interface Menus {
  setApplicationMenu<D>(items: readonly Item<D>[], act: (does: D) => void): void
  /** Where the pointer is, over the window in front. */
  popUp(items: readonly Item<never>[]): void
}

export interface TrayIcon {
  show<D>(look: { readonly icon: string; readonly tooltip: string; readonly items: readonly Item<D>[] }, act: (does: D) => void): void
  onPress(listener: () => void): void
  remove(): void
}

export interface Trays {
  /** Whether a desktop is there that would show one. Asked of the system, which may take a second. */
  works(): Promise<boolean>
  /** `icon`: a PNG file; `name@2x.png` beside it serves sharper screens. */
  open(icon: string): TrayIcon
}

/** Who sent a message: only the main frame of our own page may. */
export interface Sender {
  readonly mainFrame: boolean
  readonly origin: string
  /** Of the main window, and not of any other contents. */
  readonly ours: boolean
}

/** What a page's preload asks of this process. */
export interface Pipes {
  handle(channel: string, handler: (sender: Sender, args: readonly unknown[]) => Promise<unknown>): void
  on(channel: string, listener: (sender: Sender, args: readonly unknown[]) => void): void
}

/** One answer of the app's own scheme. */
export interface SchemeAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | null
}

/** What a page may and may not. Said once, before the first page. */
export interface Guard {
  /** Before `ready`: makes the scheme as good as https. */
  registerScheme(scheme: string): void
  serve(scheme: string, handler: (request: { url: string; method: string }) => Promise<SchemeAnswer>): void
  /** Every permission but these is refused, asked for or just looked up. */
  allowPermissions(names: readonly string[]): void
  /** For every page and frame that ever is: no webview, no new window, no way off `origin`. A link that wanted a window of its own is told. */
  confine(origin: string, refused: (url: string) => void): void
}

export interface Bounds {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface WindowOptions {
  readonly bounds: { readonly width: number; readonly height: number; readonly x?: number | undefined; readonly y?: number | undefined }
  readonly background: string
  readonly preload: string
  readonly icon: string | null
}

/** Where the pipe of one load of the page ends in this process. */
export interface PagePort {
  send(frame: unknown): void
  listen(listener: { frame(frame: unknown): void; closed(): void }): void
  close(): void
}

/** What was right-clicked in the page, where the page has no menu of its own for it. */
export interface Spot {
  readonly editable: boolean
  /** A field of several lines: a terminal takes what is typed by one. */
  readonly area: boolean
  readonly can: { readonly cut: boolean; readonly copy: boolean; readonly paste: boolean; readonly selectAll: boolean }
}

/** The one main window. Hidden it goes on; closed it is gone. */
export interface MainWindow {
  /** As it is when neither maximised nor full screen. */
  bounds(): Bounds
  maximised(): boolean
  visible(): boolean
  fullScreen(): boolean
  destroyed(): boolean
  /** Brings it to the front, from wherever it is. */
  show(): void
  hide(): void
  /** As if a person had. */
  close(): void
  maximise(): void
  leaveFullScreen(): void
  load(url: string): void
  reload(): void
  /** To the page's preload. */
  send(channel: string, value: unknown): void
  /** A new pipe to the page; its other end goes to the preload. */
  openPort(channel: string): PagePort
  onReady(listener: () => void): void
  onClose(listener: (ask: Ask) => void): void
  onClosed(listener: () => void): void
  /** Moved, resized, maximised or restored. */
  onChanged(listener: () => void): void
  onContextMenu(listener: (spot: Spot) => void): void
  /** Its page's process is gone, otherwise than by our own wish. */
  onCrash(listener: (reason: string) => void): void
}

export interface Windows {
  open(options: WindowOptions): MainWindow
  /** Without title bars and docks, of every display there is. */
  workAreas(): readonly Bounds[]
}
