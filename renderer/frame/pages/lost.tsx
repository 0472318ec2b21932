import { Button } from '../../parts/buttons/button.tsx'
import { Note } from '../../parts/blocks/note.tsx'
import { Mark } from '../../parts/signs/mark.tsx'
import { frameWords } from '../../words/frame.ts'
import { useConnection, useSurroundings } from '../house/contexts.ts'
import { Bare } from './bare.tsx'
import { useLate } from './connecting.tsx'
import { StartHere } from './start-here.tsx'

/** Above the last state, which stays. What to do comes only when trying again has not helped. */
export function LostBanner() {
  const connection = useConnection()
  const { connector } = useSurroundings()
  const late = useLate(5000)
  const words = frameWords.lost
  const reason = connection.state === 'lost' ? `${words.title}: ${connection.reason}.` : `${words.title}.`
  return (
    <div className="banner">
      <Note kind="bad" title={reason} live action={<><StartHere /><Button small onClick={() => connector.retry()}>{words.now}</Button></>}>
        {words.stale} {late ? words.what : words.trying}
      </Note>
    </div>
  )
}

/** It was lost before anything had come. */
export function LostPage({ reason }: { reason: string }) {
  const { connector } = useSurroundings()
  const words = frameWords.lost
  return (
    <Bare title={words.title}>
      <p className="state"><span className="status failed"><Mark name="failed" />{words.title}</span></p>
      <h2>{words.heading}</h2>
      <p>{reason}</p>
      <p className="waiting" role="status"><Mark name="creating" /><span>{words.trying} {words.what}</span><span className="end"><StartHere /><Button small onClick={() => connector.retry()}>{words.now}</Button></span></p>
    </Bare>
  )
}
