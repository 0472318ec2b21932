import { useEffect, useRef, useState } from 'react'
import { DeedsHost } from '../../sandboxes/deeds/deeds-host.tsx'
import { frameWords } from '../../words/frame.ts'
import { useConnection } from '../house/contexts.ts'
import { LostBanner } from '../pages/lost.tsx'
import { useRoute } from '../route.ts'
import { fetchScreens, screenOf } from '../screens.tsx'
import { FrameCommands } from '../commands/frame-commands.tsx'
import { Foot } from './foot.tsx'
import { FootKeysContext, type FootKey } from './foot-keys.ts'
import { focusIsNowhere, keepFocus } from './keep-focus.ts'
import { ScreenBoundary } from './screen-boundary.tsx'
import { Side } from './side.tsx'
import { UnknownPage } from '../pages/unknown.tsx'

/** The window: where one can go, the screen, what happened last. */
export function Frame() {
  const route = useRoute()
  const connection = useConnection()
  const [keys, setKeys] = useState<readonly FootKey[]>([])
  const place = route.path.slice(0, 2).join('/')
  const Show = screenOf(route)?.show ?? UnknownPage
  const shown = useRef(place)
  useEffect(() => keepFocus(document), [])
  // What had the focus may have gone with the screen before: the next Tab must begin in the new one.
  useEffect(() => {
    if (shown.current === place) return
    shown.current = place
    if (focusIsNowhere(document)) document.getElementById('main')?.focus()
  }, [place])
  useEffect(() => {
    const idle = requestIdleCallback(fetchScreens)
    return () => cancelIdleCallback(idle)
  }, [])
  return (
    <FootKeysContext value={setKeys}>
      <a
        className="skip" href="#main"
        onClick={(event) => {
          event.preventDefault()
          document.getElementById('main')?.focus()
        }}
      >
        {frameWords.skip}
      </a>
      <DeedsHost>
      <div className="window">
        <Side />
        <main id="main" tabIndex={-1}>
          {connection.state === 'open' ? null : <LostBanner />}
          <div className={connection.state === 'open' ? 'screen' : 'screen stale'}>
            <ScreenBoundary place={place}>
              <Show />
            </ScreenBoundary>
          </div>
          <Foot keys={keys} />
        </main>
      </div>
      <FrameCommands />
      </DeedsHost>
    </FootKeysContext>
  )
}
