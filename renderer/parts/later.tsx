import { type ComponentType, useEffect, useState } from 'react'
import { Empty, Note } from './blocks.tsx'
import { Button } from './buttons.tsx'
import { frameWords } from '../words/frame.ts'

export type Later<Props> = ComponentType<Props> & { /** Ahead of need. */ fetch(): void }

/** Milliseconds after which a fetch that failed is tried again before anybody is told. */
const again = [200, 800, 2500]

/**
 * A browser gives up what it fetches whenever a network interface comes or goes, at a loopback address too, and a container
 * engine makes one for each container: such a failure says nothing about Berth.
 */
async function persistent<T>(load: () => Promise<T>): Promise<T> {
  for (const pause of again) {
    try {
      return await load()
    } catch {
      // The last try tells.
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
  return await load()
}

/**
 * A part of the screens whose script is fetched when it is first shown: the list must not wait for it. A fetch that fails
 * (Berth was away, or is of another build by now) says so and offers a way on, which React's own `lazy` cannot: it keeps the
 * first failure for good.
 */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): Later<Props> {
  let loaded: ComponentType<Props> | null = null
  const fetched = async () => (loaded ??= await persistent(load))
  function Shows(props: Props) {
    const [Shown, setShown] = useState(() => loaded)
    const [failed, setFailed] = useState(false)
    useEffect(() => {
      if (Shown !== null || failed) return undefined
      let left = false
      fetched().then(
        (found) => {
          if (!left) setShown(() => found)
        },
        () => {
          if (!left) setFailed(true)
        },
      )
      return () => {
        left = true
      }
    }, [Shown, failed])
    if (Shown !== null) return <Shown {...props} />
    const words = frameWords.later
    if (!failed)
      return (
        <div className="scroll pad coming" aria-busy="true">
          <Empty title={words.coming} />
        </div>
      )
    return (
      <div className="banner">
        <Note
          kind="bad"
          live
          title={words.failed}
          action={
            <>
              <Button onClick={() => setFailed(false)}>{words.again}</Button>
              <Button onClick={() => location.reload()}>{words.reload}</Button>
            </>
          }
        >
          {words.why}
        </Note>
      </div>
    )
  }
  // What fails now is tried again, and said, when it is shown.
  return Object.assign(Shows, { fetch: () => void fetched().catch(() => undefined) })
}
