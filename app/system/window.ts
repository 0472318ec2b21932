import type { Ask } from './life.ts'

export interface Bounds { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

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
