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
export interface SchemeAnswer { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array | null }

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
