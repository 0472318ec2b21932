export type MenuRole =
  | 'about' | 'quit' | 'hide' | 'hideOthers' | 'unhide' | 'undo' | 'redo' | 'cut' | 'copy' | 'paste' | 'selectAll' | 'minimize' | 'zoom'
  | 'togglefullscreen' | 'resetZoom' | 'zoomIn' | 'zoomOut' | 'toggleDevTools' | 'services' | 'front'

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
