import { useEffect, useRef, useState } from 'react'
import type { BerthEvent } from '../../../shared/event.ts'
import { Kbd } from '../../parts/signs/kbd.tsx'
import { useFormat } from '../../words/formats.ts'
import { frameWords } from '../../words/frame.ts'
import { acts } from '../commands/keys.logic.ts'
import { useFocusPlace } from '../commands/place.ts'
import { paletteKeys } from '../commands/frame-commands.tsx'
import { useHouse } from '../house/use-house.ts'
import type { FootKey } from './foot-keys.ts'

/** The last event, read out at most once a second, and the keys that act where the focus is. */
export function Foot({ keys }: { keys: readonly FootKey[] }) {
  const event = useCalm(useHouse(({ house }) => house.last_event))
  const format = useFormat()
  const place = useFocusPlace()
  const mac = /Mac/.test(navigator.platform)
  const palette = paletteKeys.find((one) => acts(one, undefined, place, mac))
  return (
    <footer className="foot">
      <span role="status" title={event?.text}>
        {event === null ? frameWords.nothingYet : <><span className="dim">{format.clock(new Date(event.at))}</span> {event.thread && !event.text.includes(event.thread) ? <>{event.thread}: </> : null}{event.text}</>}
      </span>
      <span className="keys" aria-hidden="true">
        {keys.map(([combination, label, at]) => acts(combination, at, place, mac) ? <span key={combination}><Kbd keys={combination} /> {label}</span> : null)}
        {palette === undefined ? null : <span><Kbd keys={palette} /> {frameWords.commands}</span>}
      </span>
    </footer>
  )
}

/** The newest value, but never two changes within a second: a screen reader would not come to an end. */
function useCalm(newest: BerthEvent | null): BerthEvent | null {
  const [shown, setShown] = useState(newest)
  const changed = useRef(-Infinity)
  useEffect(() => {
    if (shown === newest) return
    const timer = setTimeout(() => {
      changed.current = performance.now()
      setShown(newest)
    }, Math.max(0, 1000 - (performance.now() - changed.current)))
    return () => clearTimeout(timer)
  }, [newest, shown])
  return shown
}
