import { useCallback, useEffect, useState } from 'react'
import type { CallResult } from '../../shared/contract.ts'
import { asBerthError, type ErrorData, toErrorData } from '../../shared/errors.ts'
import { useEndpoint } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { useTopic } from '../frame/house/use-topic.ts'

export type Config = CallResult<'config'>

/** The configuration in force: read anew when its file was edited, by whomever. */
export function useConfig(): { config: Config | null; problem: ErrorData | null; set: (key: string, value: unknown) => Promise<CallResult<'config_set'>> } {
  const endpoint = useEndpoint()
  const error = useHouse(({ house }) => house.config.error)
  const [config, setConfig] = useState<Config | null>(null)
  const [problem, setProblem] = useState<ErrorData | null>(null)
  const read = useCallback(async () => {
    try {
      setConfig(await endpoint.call('config', {}))
      setProblem(null)
    } catch (thrown) {
      setProblem(toErrorData(asBerthError(thrown)))
    }
  }, [endpoint])
  useEffect(() => void read(), [read, error])
  useTopic('events', { limit: 0 }, {
    event({ events }) {
      if (events.some(({ type }) => type.startsWith('config.'))) void read()
    },
  })
  const set = useCallback((key: string, value: unknown) => endpoint.call('config_set', { key, value }), [endpoint])
  return { config, problem, set }
}
