import { fail, toErrorData } from '../../shared/errors.ts'
import type { Answer, EngineState } from '../../shared/wire/preload-api.ts'
import { origin } from '../boot/bundle.ts'
import { endpointOf, type EngineLink, type LinkState } from '../engine/link.ts'
import type { MainWindow, Pipes, Sender } from '../system/system.ts'
import { channels } from './channels.ts'
import { relay } from './relay.ts'

export interface PageDeps {
  readonly pipes: Pipes
  readonly link: EngineLink
  /** The window of this moment. */
  window(): MainWindow | null
  now(): number
  /** A native thing, by name, with whatever the page gave it. */
  native(name: string, args: readonly unknown[]): Promise<unknown>
  answered(name: string, value: unknown): void
}

export interface ServedPage {
  /** A command of the page, or `go:` and a path; one that comes before there is a page waits for it. */
  command(name: string): void
  /** The page is gone: what it subscribed to ends, its terminals go on. */
  left(): void
}

/** Serves the page in the window: a port to each engine that it is told of, native things, and how the engine is. */
export function servePage({ pipes, link, window, now, native, answered }: PageDeps): ServedPage {
  let open: { close(): void } | null = null
  let loaded = false
  let early: string[] = []

  const endpoint = () => endpointOf(link)

  async function answer(sender: Sender, run: () => Promise<unknown>): Promise<Answer> {
    try {
      checkSender(sender, origin)
      return { ok: true, value: (await run()) ?? null }
    } catch (error) {
      return { ok: false, error: toErrorData(error) }
    }
  }

  pipes.handle(channels.native, (sender, [name, ...args]) => answer(sender, () => native(String(name), args)))
  pipes.on(channels.loaded, (sender) => {
    if (!isOurs(sender)) return
    left()
    loaded = true
    tell(link.current())
    for (const name of early.splice(0)) window()?.send(channels.command, name)
  })
  pipes.on(channels.pipe, (sender) => {
    if (!isOurs(sender)) return
    const shown = window()
    if (!shown) return
    open?.close()
    const port = shown.openPort(channels.pipe)
    const mine = relay({ send: (frame) => port.send(frame), endpoint, allow: checkCall, answered })
    port.listen({ frame: (frame) => mine.frame(frame), closed: () => mine.close() })
    open = {
      close() {
        mine.close()
        port.close()
      },
    }
  })

  /** A message that wants no answer gets none, whoever sent it. */
  function isOurs(sender: Sender): boolean {
    try {
      checkSender(sender, origin)
      return true
    } catch (error) {
      console.error(`${String(error)}: ${sender.origin}`)
      return false
    }
  }

  function tell(state: LinkState): void {
    window()?.send(channels.engine, engineState(state, now()))
  }

  function left(): void {
    open?.close()
    open = null
    loaded = false
  }

  link.onChange(tell)
  return {
    left,
    command(name) {
      if (loaded) window()?.send(channels.command, name)
      // What was wanted of a page that is only coming is wanted once: the last of it.
      else early = [name]
    },
  }
}

/** What a page is told of the link. */
export function engineState(link: LinkState, now: number): EngineState {
  if (link.state === 'open') return { state: 'open', instance: link.engine.instance }
  if (link.state === 'lost') return { state: 'lost', reason: link.reason, for: Math.max(0, Math.round(now - link.since)), offer: link.offer }
  return link
}

/** Calls whose answer a page must not see: a secret goes to the clipboard, by `native.copyToken` and `native.copyAddress`. */
const kept: ReadonlySet<string> = new Set(['token_copy', 'address_copy', 'session_open'])

/** Throws unless a message comes from our own page, in our own window, and not from a frame inside it. */
function checkSender(sender: Sender, origin: string): void {
  if (sender.ours && sender.mainFrame && sender.origin === origin) return
  throw fail('FORBIDDEN', 'This page may not speak to Berth', { next: 'Only the page that Berth brings may.' })
}

/** Throws for a call that a page in Electron has no need of. */
export function checkCall(name: string): void {
  if (kept.has(name)) throw fail('FORBIDDEN', `A page may not call ${name}`, { next: 'Use what the window offers.' })
}
