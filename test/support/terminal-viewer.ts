import type { Endpoint } from '../../shared/wire/endpoint.ts'
import type { TopicEvent, TopicUp } from '../../shared/topics.ts'
import { eventually } from './wait.ts'

/** Somebody who looks at a terminal, as a screen does. */
export interface TerminalViewer {
  readonly seen: readonly TopicEvent<'terminal'>[]
  /** What its screen would show: the last replay and what came after it. */
  text(): string
  focused(): boolean
  type(data: string): void
  send(up: TopicUp<'terminal'>): void
  /** Waits until the screen has this. */
  shows(what: string | RegExp, within?: number): Promise<string>
  ended(): Promise<string>
  /** Takes nothing until it is called again with `false`. */
  hang(on: boolean): void
  close(): void
}

export function viewTerminal(endpoint: Endpoint, terminal: string): TerminalViewer {
  const seen: TopicEvent<'terminal'>[] = []
  let text = ''
  let focused = false
  let hung: PromiseWithResolvers<void> | null = null
  const subscription = endpoint.subscribe(
    'terminal',
    { terminal },
    {
      event(event) {
        seen.push(event)
        if (event.type === 'replay') text = event.data
        else if (event.type === 'data') text += event.data
        else if (event.type === 'focus') focused = event.yours
        return hung?.promise
      },
      end: () => undefined,
    },
  )
  const has = (what: string | RegExp) => (typeof what === 'string' ? text.includes(what) : what.test(text))
  return {
    seen,
    text: () => text,
    focused: () => focused,
    type: (data) => subscription.send({ type: 'input', data }),
    send: (up) => subscription.send(up),
    async shows(what, within = 20_000) {
      await eventually(`the terminal shows ${String(what)}`, () => has(what), { within }).catch((error: unknown) => {
        throw new Error(`${String(error)}; it shows ${JSON.stringify(text.slice(-2000))}`, { cause: error })
      })
      return text
    },
    async ended() {
      const end = await eventually('the terminal ends', () => seen.find((event) => event.type === 'end'))
      return end.type === 'end' ? end.reason : ''
    },
    hang(on) {
      if (on) hung ??= Promise.withResolvers()
      else {
        hung?.resolve()
        hung = null
      }
    },
    close: () => subscription.close(),
  }
}
