import { fail } from '../../shared/errors.ts'
import type { desktopCalls } from '../../shared/calls/desktop-calls.ts'
import type { Handlers } from './handlers.ts'

const missing = (): Promise<never> => Promise.reject(fail('NOT_SUPPORTED', 'This call is not bound yet', { next: 'Wait for the next commit.' }))

/** What a person at a screen needs beside what agents call. */
export function desktopHandlers(): Pick<Handlers, keyof typeof desktopCalls> {
  return {
    details: missing, interrupt: missing, terminal_open: missing, terminal_close: missing, ticket: missing, images: missing,
    image_prepare: missing, image_cancel: missing, image_remove: missing, config_set: missing, session_open: missing,
    session_end: missing, login_link: missing, token_copy: missing, retry: missing, switch_backend: missing, diagnostics: missing,
  }
}
