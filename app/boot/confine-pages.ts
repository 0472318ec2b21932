import { openable } from '../native/open-link.ts'
import type { Desk } from '../system/desk.ts'
import type { Guard } from '../system/pipes.ts'
import { origin, scheme, serveBundle } from './bundle.ts'

/** What pages get and what they may: our own files, one permission, and no way off; a link to elsewhere opens in the browser. */
export function confinePages({ guard, desk, renderer }: { guard: Guard; desk: Pick<Desk, 'openLink'>; renderer: string }): void {
  guard.serve(scheme, (request) => serveBundle(renderer, request))
  guard.allowPermissions(['clipboard-sanitized-write'])
  guard.confine(origin, (url) => {
    try {
      desk.openLink(openable(url)).catch((error: unknown) => console.error(`a link could not be opened: ${String(error)}`))
    } catch (error) {
      console.error(`a page wanted to go where no page may: ${String(error)}`)
    }
  })
}
