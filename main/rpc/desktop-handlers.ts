import { fail } from '../../shared/errors.ts'
import type { desktopCalls } from '../../shared/calls/desktop-calls.ts'
import type { Handlers } from './handlers.ts'

const missing = (): Promise<never> => Promise.reject(fail('NOT_SUPPORTED', 'This call is not bound yet', { next: 'Wait for the next commit.' }))

/** What a person at a screen needs beside what agents call. */
export function desktopHandlers(): Pick<Handlers, Exclude<keyof typeof desktopCalls, 'ticket' | 'session_open' | 'session_end' | 'login_link' | 'token_copy' | 'interrupt' | 'terminal_open' | 'terminal_close'>> {
  return {
    details: missing, images: missing,
    image_prepare: missing, image_cancel: missing, image_remove: missing, config_set: missing, retry: missing, switch_backend: missing, diagnostics: missing,
  }
}
