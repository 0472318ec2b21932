import type { CallName } from '../../shared/contract.ts'
import { fail, toErrorData } from '../../shared/errors.ts'
import type { Answer, EngineState } from '../../shared/wire/preload-api.ts'
import { origin } from '../boot/bundle.ts'
import { endpointOf, type EngineLink, type LinkState } from '../engine/link.ts'
import type { Pipes, Sender } from '../system/pipes.ts'
import type { MainWindow } from '../system/window.ts'
import { channels } from './channels.ts'
import { checkCall, checkSender } from './gate.ts'
import { type Relay, relay } from './relay.ts'

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

/** Serves the page in the window: calls, one pipe a load, native things, and how the engine is. */
export function servePage({ pipes, link, window, now, native, answered }: PageDeps): ServedPage {
  let open: { relay: Relay; close(): void } | null = null
  const calls = new Map<unknown, AbortController>()
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

  pipes.handle(channels.call, (sender, [id, name, input]) => answer(sender, async () => {
    if (typeof name !== 'string') throw fail('BAD_INPUT', 'A call has a name', { next: 'Give one.' })
    checkCall(name)
    const control = new AbortController()
    calls.set(id, control)
    try {
      const value = await endpoint().call(name as CallName, input as never, { signal: control.signal })
      answered(name, value)
      return value
    } finally {
      if (calls.get(id) === control) calls.delete(id)
    }
  }))
  pipes.handle(channels.native, (sender, [name, ...args]) => answer(sender, () => native(String(name), args)))
  pipes.on(channels.cancel, (sender, [id]) => {
    if (isOurs(sender)) calls.get(id)?.abort()
  })
  pipes.on(channels.pipe, (sender) => {
    if (!isOurs(sender)) return
    left()
    const shown = window()
    if (!shown) return
    const port = shown.openPort(channels.pipe)
    const mine = relay({ send: (frame) => port.send(frame), endpoint, allow: checkCall, answered })
    port.listen({ frame: (frame) => mine.frame(frame), closed: () => mine.close() })
    open = {
      relay: mine,
      close() {
        mine.close()
        port.close()
      },
    }
    tell(link.current())
    for (const name of early.splice(0)) shown.send(channels.command, name)
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
    for (const control of calls.values()) control.abort()
    calls.clear()
  }

  link.onChange(tell)
  return {
    left,
    command(name) {
      if (open) window()?.send(channels.command, name)
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
