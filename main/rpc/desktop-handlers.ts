import { fail } from '../../shared/errors.ts'
import type { Handlers } from './handlers.ts'

const missing = (): Promise<never> => Promise.reject(fail('NOT_SUPPORTED', 'This call is not bound yet', { next: 'Wait for the next commit.' }))

/** What a person at a screen needs beside what agents call. */
export function desktopHandlers(): Pick<Handlers, 'retry' | 'switch_backend'> {
  return {
    retry: missing, switch_backend: missing,
  }
}
