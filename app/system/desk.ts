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
