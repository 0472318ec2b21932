import type { ErrorData } from '../errors.ts'

/** How a call ended. Errors cross as data: what a preload throws reaches the page as a message only. */
export type Answer<T = unknown> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorData }

/** The message with which the preload passes a port on to its page. */
export const pipeMessage = 'berth:pipe'

/** How the shell stands with the engine. */
export type EngineState =
  | { readonly state: 'connecting' }
  | { readonly state: 'open'; readonly instance: string }
  /** `for`: milliseconds since it was lost. `offer`: the shell can start an engine here, by `native.startEngine`. */
  | { readonly state: 'lost'; readonly reason: string; readonly for: number; readonly offer: boolean }
  | { readonly state: 'mismatch'; readonly page: string; readonly engine: string }

/** The native things. Paths come from the engine or from a dialog, never from a page. */
export interface PreloadNative {
  reveal(path: string): Promise<Answer<boolean>>
  openDirectory(sandbox: string, which: string): Promise<Answer<boolean>>
  copy(text: string): Promise<Answer<null>>
  copyToken(): Promise<Answer<null>>
  copyAddress(sandbox: string, where: 'program' | 'browser'): Promise<Answer<null>>
  openLink(url: string): Promise<Answer<null>>
  download(file: { sandbox: string; path: string; name: string }): Promise<Answer<boolean>>
  /** `files`: a page's own `File`s, resolved inside the preload. */
  upload(to: { sandbox: string; directory: string }, files: readonly unknown[], onProgress: (done: number, total: number) => void): Promise<Answer<string[]>>
  saveText(name: string, text: string): Promise<Answer<boolean>>
  setTheme(theme: 'system' | 'light' | 'dark'): Promise<Answer<null>>
  /** By the names of the page's own commands. */
  onCommand(listener: (name: string) => void): () => void
  /** Starts an engine in this process, after the one it was attached to has gone. */
  startEngine(): Promise<Answer<null>>
  /** Looks for the engine now instead of at the next turn. */
  retry(): Promise<Answer<null>>
  shellSettings(): Promise<Answer<{ login: boolean | null; command: string | null; version: string; electron: string }>>
  setLogin(on: boolean): Promise<Answer<null>>
  installCommand(): Promise<Answer<string>>
}

/** The whole of `window.berth`. */
export interface PreloadApi {
  /** Asks for a port to the engine of this moment; it comes to the page's own window, as a message of this text. */
  openPipe(): void
  /** Called at once with how it stands, and at every change. */
  onEngine(listener: (state: EngineState) => void): () => void
  readonly native: PreloadNative
}
