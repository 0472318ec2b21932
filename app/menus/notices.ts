import type { BerthEvent } from '../../shared/event.ts'
import type { Subscription } from '../../shared/wire/endpoint.ts'
import type { EngineLink, LinkState } from '../engine/link.ts'
import type { Desk } from '../system/desk.ts'
import { noticeOf } from './notice-plan.ts'

/** Follows the event log, from now on, of whichever engine there is. */
export function followEvents(link: EngineLink, heard: (event: BerthEvent) => void): { close(): void } {
  let subscription: Subscription<'events'> | null = null
  function follow(now: LinkState): void {
    subscription?.close()
    subscription = null
    if (now.state !== 'open') return
    subscription = now.engine.endpoint.subscribe('events', { limit: 0 }, {
      event: ({ events }) => events.forEach(heard),
      // The link tells of a loss.
      end: () => undefined,
    })
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
