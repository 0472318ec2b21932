import { fail } from '../../shared/errors.ts'
import type { Sender } from '../system/pipes.ts'

/** Calls whose answer a page must not see: a secret goes to the clipboard, by `native.copyToken` and `native.copyAddress`. */
const kept: ReadonlySet<string> = new Set(['token_copy', 'address_copy', 'session_open'])

/** Throws unless a message comes from our own page, in our own window, and not from a frame inside it. */
export function checkSender(sender: Sender, origin: string): void {
  if (sender.ours && sender.mainFrame && sender.origin === origin) return
  throw fail('FORBIDDEN', 'This page may not speak to Berth', { next: 'Only the page that Berth brings may.' })
}

/** Throws for a call that a page in Electron has no need of. */
export function checkCall(name: string): void {
  if (kept.has(name)) throw fail('FORBIDDEN', `A page may not call ${name}`, { next: 'Use what the window offers.' })
}
