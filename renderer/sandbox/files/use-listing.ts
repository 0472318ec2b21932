import { useEffect, useState } from 'react'
import { asBerthError, type BerthError } from '../../../shared/errors.ts'
import { useEndpoint } from '../../frame/house/contexts.ts'
import type { FileRow } from './file-sort.logic.ts'
import type { Mount } from './path.logic.ts'

export type Listing = { readonly state: 'reading' } | { readonly state: 'read'; readonly path: string; readonly files: readonly FileRow[] } | { readonly state: 'failed'; readonly error: BerthError }

/** A directory of a sandbox; `again` reads it anew, and what was there stays in view meanwhile. */
export function useListing(id: string, path: string): { listing: Listing; again: () => void } {
  const endpoint = useEndpoint()
  const [listing, setListing] = useState<Listing>({ state: 'reading' })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    let current = true
    setListing((before) => (before.state === 'read' && before.path === path ? before : { state: 'reading' }))
    endpoint.call('files', { id, path }).then(
      ({ files }) => { if (current) setListing({ state: 'read', path, files }) },
      (thrown: unknown) => { if (current) setListing({ state: 'failed', error: asBerthError(thrown) }) },
    )
    return () => {
      current = false
    }
  }, [endpoint, id, path, turn])
  return { listing, again: () => setTurn((before) => before + 1) }
}

/** The mounts of a sandbox; none until they are known, or where they cannot be. */
export function useMounts(id: string): readonly Mount[] {
  const endpoint = useEndpoint()
  const [mounts, setMounts] = useState<readonly Mount[]>([])
  useEffect(() => {
    let current = true
    endpoint.call('details', { id }).then(({ mounts: found }) => { if (current) setMounts(found) }, () => { if (current) setMounts([]) })
    return () => {
      current = false
    }
  }, [endpoint, id])
  return mounts
}
