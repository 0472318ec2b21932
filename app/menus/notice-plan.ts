import type { BerthEvent } from '../../shared/event.ts'

export interface Notice { readonly title: string; readonly body: string; readonly path: string }

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
