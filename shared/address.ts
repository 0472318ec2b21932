import type { CallResult } from './contract.ts'
import { fail } from './errors.ts'

/** The address of a sandbox that serves whoever it is copied for. */
export function addressFor(where: 'program' | 'browser', { url, enter_url }: CallResult<'address_copy'>): string {
  if (where === 'program') return url
  if (enter_url !== null) return enter_url
  throw fail('NOT_SUPPORTED', 'This Berth has no port for browsers', { next: 'Copy the address for a program.' })
}
