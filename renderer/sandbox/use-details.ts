import { useEffect, useState } from 'react'
import type { CallResult } from '../../shared/contract.ts'
import { asBerthError, type BerthError } from '../../shared/errors.ts'
import type { SandboxRow } from '../../shared/state.ts'
import { useEndpoint } from '../state/contexts.ts'

export type Details = CallResult<'details'>

/** One sandbox in full: asked when it is looked at, and again when its container is another one. */
export function useDetails(row: SandboxRow, gone: boolean): { details: Details | null; problem: BerthError | null } {
  const endpoint = useEndpoint()
  const [details, setDetails] = useState<Details | null>(null)
  const [problem, setProblem] = useState<BerthError | null>(null)
  const { id, container, status } = row
  const up = status !== 'creating' && !gone
  useEffect(() => {
    if (!up) return
    let shown = true
    endpoint.call('details', { id }).then(
      (got) => {
        if (!shown) return
        setDetails(got)
        setProblem(null)
      },
      (error: unknown) => shown && setProblem(asBerthError(error)),
    )
    return () => {
      shown = false
    }
  }, [endpoint, id, container, up])
  return { details, problem }
}
