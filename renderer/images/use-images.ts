import { useCallback, useEffect, useState } from 'react'
import { asBerthError, type ErrorData, toErrorData } from '../../shared/errors.ts'
import type { ImageRow } from '../../shared/image.ts'
import { useEndpoint } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { useTopic } from '../frame/house/use-topic.ts'

/** Images on the engine: read anew when one comes, or when sandboxes come and go. */
export function useImages(): { images: readonly ImageRow[] | null; problem: ErrorData | null } {
  const endpoint = useEndpoint()
  const [present, used] = useHouse(({ house, sandboxes }) => [house.image?.present, Object.values(sandboxes).map(({ id, container }) => `${id}${container}`).sort().join()])
  const [images, setImages] = useState<readonly ImageRow[] | null>(null)
  const [problem, setProblem] = useState<ErrorData | null>(null)
  const read = useCallback(() => {
    endpoint.call('images', {}).then(
      (got) => {
        setImages(got.images)
        setProblem(null)
      },
      (error: unknown) => setProblem(toErrorData(asBerthError(error))),
    )
  }, [endpoint])
  useEffect(read, [read, present, used])
  useTopic('events', { limit: 0 }, {
    event({ events }) {
      if (events.some(({ type }) => type.startsWith('image.') || type.startsWith('config.'))) read()
    },
  })
  return { images, problem }
}
