/**
 * What only the system around a page can do. In Electron the preload offers it as `window.berth.native`; in a browser
 * `browserNative` does what a browser can, and what it cannot becomes copying a path.
 */
export interface Native {
  readonly kind: 'electron' | 'browser'
  /** Shows a path of the engine's host in its file manager; false where that cannot be: then copy it. */
  reveal(path: string): Promise<boolean>
  /** Opens one of a thread's three directories; false where that cannot be. */
  openDirectory(sandbox: string, which: 'workspace' | 'uploads' | 'outputs'): Promise<boolean>
  copy(text: string): Promise<void>
  /** Puts the home's token on the clipboard without showing it to the page where the system can. */
  copyToken(): Promise<void>
  /** The same with the address of a sandbox, whose secret is in it: one that a program can use, or one that a browser opens. */
  copyAddress(sandbox: string, where: 'program' | 'browser'): Promise<void>
  /** https, or http on loopback; anything else is refused. */
  openLink(url: string): Promise<void>
  /** Saves the bytes of a file in a sandbox where the person says. false: they changed their mind. */
  download(file: { sandbox: string; path: string; name: string }): Promise<boolean>
  /** Uploads into a directory of a sandbox; `files` as dropped or chosen on the page. What has their name there is replaced. Gives the paths written; CANCELLED after an abort. */
  upload(
    to: { sandbox: string; directory: string },
    files: readonly File[],
    onProgress: (done: number, total: number) => void,
    signal?: AbortSignal,
  ): Promise<string[]>
  /** Saves a text where the person says. */
  saveText(name: string, text: string): Promise<boolean>
  setTheme(theme: 'system' | 'light' | 'dark'): void
  /** Commands of the application's menu and tray, by the names of the page's own commands. */
  onCommand(listener: (name: string) => void): () => void
  /** Settings that only the shell has; null in a browser. */
  readonly shell: ShellSettings | null
}

export interface ShellSettings {
  read(): Promise<{ login: boolean | null; command: string | null; version: string; electron: string }>
  /** Launch at login; packaged only. */
  setLogin(on: boolean): Promise<void>
  /** Installs the `berth` command; gives its path. */
  installCommand(): Promise<string>
}
