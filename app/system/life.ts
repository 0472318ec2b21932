/** Something is about to happen, and may be prevented. */
export interface Ask { prevent(): void }

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
