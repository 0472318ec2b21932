import { useEffect, useEffectEvent, useState } from 'react'
import { asBerthError, type BerthError } from '../../../shared/errors.ts'
import type { SandboxRow } from '../../../shared/state.ts'
import { useEndpoint, useVisible } from '../../state/contexts.ts'
import { isUp } from '../sandbox.logic.ts'
import type { FileRow, Mount } from './files.logic.ts'

export type Listing =
  | { readonly state: 'reading' }
  | { readonly state: 'read'; readonly path: string; readonly files: readonly FileRow[] }
  | { readonly state: 'failed'; readonly error: BerthError }

/** Between two looks while something runs in it, and while nothing is known to. Ms. */
const busyMs = 1000
const calmMs = 3000

/**
 * A directory of a sandbox, as it changes: looked at again when a command ends, and now and then while it is in sight. Those looks
 * are no activity and wake nothing; what was there stays in view meanwhile. `again` asks at once, and wakes.
 */
export function useListing(row: SandboxRow, path: string): { listing: Listing; again: () => void } {
  const endpoint = useEndpoint()
  const visible = useVisible()
  const { id } = row
  const [listing, setListing] = useState<Listing>({ state: 'reading' })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    let current = true
    setListing((before) => (before.state === 'read' && before.path === path ? before : { state: 'reading' }))
    endpoint.call('files', { id, path }).then(
      ({ files }) => {
        if (current) setListing(withFiles(path, files))
      },
      (thrown: unknown) => {
        if (current) setListing({ state: 'failed', error: asBerthError(thrown) })
      },
    )
    return () => {
      current = false
    }
  }, [endpoint, id, path, turn])

  const busy = row.commands.length > 0 || row.terminals.some(({ ended }) => ended === null)
  const every = !visible || !isUp(row) || row.status === 'paused' || listing.state === 'reading' ? null : busy ? busyMs : calmMs
  const seen = useEffectEvent((files: readonly FileRow[]) => setListing(withFiles(path, files)))
  const commands = `${row.commands.length} ${row.finished[0]?.id ?? ''}`
  useEffect(() => {
    if (every === null) return
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    const look = () => {
      endpoint
        .call('files', { id, path, glance: true }, { signal: stop.signal })
        .then(
          ({ files }) => {
            if (!stop.signal.aborted) seen(files)
          },
          // It was paused or has gone in between: what is shown is how it was, and whoever asks for it again is told why.
          () => undefined,
        )
        .finally(() => {
          if (!stop.signal.aborted) timer = setTimeout(look, every)
        })
    }
    // At once: what just ended is what may have changed something.
    timer = setTimeout(look)
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [endpoint, id, path, every, commands])
  return { listing, again: () => setTurn((before) => before + 1) }
}

/** The same rows stay the same objects, or every look would draw all of them anew. */
function withFiles(path: string, files: readonly FileRow[]): (before: Listing) => Listing {
  return (before) =>
    before.state === 'read' && before.path === path && JSON.stringify(before.files) === JSON.stringify(files) ? before : { state: 'read', path, files }
}

/** The mounts of a sandbox; none until they are known, or where they cannot be. */
export function useMounts(id: string): readonly Mount[] {
  const endpoint = useEndpoint()
  const [mounts, setMounts] = useState<readonly Mount[]>([])
  useEffect(() => {
    let current = true
    endpoint.call('details', { id }).then(
      ({ mounts: found }) => {
        if (current) setMounts(found)
      },
      () => {
        if (current) setMounts([])
      },
    )
    return () => {
      current = false
    }
  }, [endpoint, id])
  return mounts
}
