import { useCallback, useEffect, useState } from 'react'
import type { NamedToken } from '../../shared/calls/token-calls.ts'
import { asBerthError, type ErrorData, toErrorData } from '../../shared/errors.ts'
import { useTopic } from '../frame/house/use-topic.ts'
import { useEndpoint } from '../frame/house/contexts.ts'

/** The named tokens: read anew when one is made, revoked or used by somebody. */
export function useTokens(): { tokens: readonly NamedToken[] | null; problem: ErrorData | null } {
  const endpoint = useEndpoint()
  const [tokens, setTokens] = useState<readonly NamedToken[] | null>(null)
  const [problem, setProblem] = useState<ErrorData | null>(null)
  const read = useCallback(() => {
    endpoint.call('tokens', {}).then(
      (got) => {
        setTokens(got.tokens)
        setProblem(null)
      },
      (error: unknown) => setProblem(toErrorData(asBerthError(error))),
    )
  }, [endpoint])
  useEffect(read, [read])
  useTopic('events', { limit: 0 }, {
    event({ events }) {
      if (events.some(({ type }) => type.startsWith('token.'))) read()
    },
  })
  // When each was last used moves with its calls.
  useTopic('calls', {}, {
    event({ calls }) {
      if (calls.some(({ client }) => tokens?.some(({ name }) => name === client))) read()
    },
  })
  return { tokens, problem }
}
