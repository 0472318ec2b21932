import { useEffect, useState } from 'react'
import { Mark } from '../../parts/signs/mark.tsx'
import { frameWords } from '../../words/frame.ts'
import { Bare } from './bare.tsx'

/** Nothing for the first second: mostly it takes less, and a page that flickers explains nothing. */
export function ConnectingPage() {
  const late = useLate(1000)
  const { title, heading, text } = frameWords.connecting
  if (!late) return <main aria-busy="true" className="bare"><h1 className="sr">Berth</h1></main>
  return (
    <Bare title={title}>
      <h2>{heading}</h2>
      <p className="waiting" role="status"><Mark name="creating" /><span>{text}</span></p>
    </Bare>
  )
}

/** True after so many ms. */
export function useLate(ms: number): boolean {
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms)
    return () => clearTimeout(timer)
  }, [ms])
  return late
}
