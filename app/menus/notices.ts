import type { BerthEvent } from '../../shared/events.ts'
import type { Subscription } from '../../shared/wire/endpoint.ts'
import type { EngineLink, LinkState } from '../engine/link.ts'
import type { Desk } from '../system/system.ts'

/** Follows the event log, from now on, of whichever engine there is. */
export function followEvents(link: EngineLink, heard: (event: BerthEvent) => void): { close(): void } {
  let subscription: Subscription<'events'> | null = null
  function follow(now: LinkState): void {
    subscription?.close()
    subscription = null
    if (now.state !== 'open') return
    subscription = now.engine.endpoint.subscribe(
      'events',
      { limit: 0 },
      {
        event: ({ events }) => events.forEach(heard),
        // The link tells of a loss.
        end: () => undefined,
      },
    )
  }
  const off = link.onChange(follow)
  follow(link.current())
  return {
    close() {
      off()
      subscription?.close()
    },
  }
}

/** Tells of failures and finished long work while the window is away. */
export function notices({ desk, visible, show }: { desk: Desk; visible: () => boolean; show: (path: string) => void }): (event: BerthEvent) => void {
  const since = new Map<string, number>()
  return (event) => {
    const notice = noticeOf(event, { visible: visible(), since })
    if (notice) desk.notify(notice, () => show(notice.path))
    if (event.type === 'image.preparing') since.set(event.type, Date.parse(event.at))
  }
}

export interface Notice {
  readonly title: string
  readonly body: string
  readonly path: string
}

/** Long enough that a person has turned to something else. */
const longMs = 20_000

const failures: Readonly<Record<string, string>> = {
  'sandbox.failed': 'A sandbox failed',
  'sandbox.stuck': 'A sandbox could not be removed',
  'engine.lost': 'The container engine is gone',
  'image.failed': 'The image could not be made',
  'config.bad': 'The configuration has an error',
}

/** Only what went wrong, and work that took long; and nothing that the open window shows anyway. `since`: when the work began, by type. */
export function noticeOf(event: BerthEvent, { visible, since }: { visible: boolean; since: ReadonlyMap<string, number> }): Notice | null {
  if (visible) return null
  const title = failures[event.type]
  if (title !== undefined) return { title, body: event.text, path: event.sandbox === undefined ? '/activity' : `/sandboxes/${event.sandbox}` }
  if (event.type === 'image.ready') {
    const began = since.get('image.preparing')
    if (began !== undefined && Date.parse(event.at) - began >= longMs) return { title: 'The image is ready', body: event.text, path: '/sandboxes' }
  }
  return null
}
