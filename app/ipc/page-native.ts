import { listeners } from '../../shared/listeners.ts'
import type { Answer, PreloadNative } from '../../shared/wire/preload-api.ts'

export interface NativeDeps {
  ask(name: string, ...args: unknown[]): Promise<Answer>
  /** The path of a file that was dropped on the page or chosen there; a page cannot make one up. */
  pathOf(file: unknown): string
  onCommand(listener: (name: string) => void): () => void
  onProgress(listener: (news: { transfer: number; done: number; total: number }) => void): () => void
}

/** `window.berth.native`: each is one question to the shell. */
export function preloadNative({ ask, pathOf, onCommand, onProgress }: NativeDeps): PreloadNative {
  let last = 0
  const asked = <T>(name: string, ...args: unknown[]) => ask(name, ...args) as Promise<Answer<T>>
  return {
    reveal: (path) => asked('reveal', path),
    openDirectory: (sandbox, which) => asked('openDirectory', sandbox, which),
    copy: (text) => asked('copy', text),
    copyToken: () => asked('copyToken'),
    copyAddress: (sandbox, where) => asked('copyAddress', sandbox, where),
    openLink: (url) => asked('openLink', url),
    download: (file) => asked('download', file),
    async upload(to, files, report) {
      const transfer = (last += 1)
      const off = onProgress((news) => {
        if (news.transfer === transfer) report(news.done, news.total)
      })
      try {
        return await asked<string[]>(
          'upload',
          to,
          files.map((file) => pathOf(file)).filter((path) => path !== ''),
          transfer,
        )
      } finally {
        off()
      }
    },
    saveText: (name, text) => asked('saveText', name, text),
    setTheme: (theme) => asked('setTheme', theme),
    onCommand,
    startEngine: () => asked('startEngine'),
    retry: () => asked('retry'),
    shellSettings: () => asked('shellSettings'),
    setLogin: (on) => asked('setLogin', on),
    installCommand: () => asked('installCommand'),
  }
}

/** What is heard again and again from the shell. */
export interface Heard<T> {
  heard(value: T): void
  /** The last of it at once, and what comes. */
  listen(listener: (value: T) => void): () => void
  /** Only what comes, and the last that came while nobody listened. */
  later(listener: (value: T) => void): () => void
}

export function latest<T>(): Heard<T> {
  let value: { is: T } | null = null
  const { tell, on, size } = listeners<[value: T]>()
  let unheard: { is: T } | null = null
  return {
    heard(next) {
      value = { is: next }
      unheard = size() === 0 ? value : null
      tell(next)
    },
    listen(listener) {
      const off = on(listener)
      if (value) listener(value.is)
      return off
    },
    later(listener) {
      const off = on(listener)
      if (unheard) listener(unheard.is)
      unheard = null
      return off
    },
  }
}
