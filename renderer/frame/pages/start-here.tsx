import { useState } from 'react'
import { Button } from '../../parts/buttons/button.tsx'
import { frameWords } from '../../words/frame.ts'
import { useConnection, useSurroundings } from '../house/contexts.ts'

/** In the shell, once the engine has been gone for a while: run one there. What that fails with becomes the reason shown beside it. */
export function StartHere() {
  const connection = useConnection()
  const { connector } = useSurroundings()
  const [busy, setBusy] = useState(false)
  if (connection.state !== 'lost' || connection.offer !== true || !connector.startHere) return null
  const start = () => {
    setBusy(true)
    const over = () => setBusy(false)
    connector.startHere?.().then(over, over)
  }
  return <Button small kind="primary" busy={busy} onClick={start}>{frameWords.lost.here}</Button>
}
