import { useHouse } from '../frame/house/use-house.ts'
import { useFootKeys } from '../frame/window/foot-keys.ts'
import { Page } from '../frame/window/page.tsx'
import { CopyButton } from '../parts/buttons/copy-button.tsx'
import { Status } from '../parts/signs/status.tsx'
import { bridgeWords as words } from '../words/bridge.ts'
import { Calls } from './calls.tsx'
import { Connect } from './connect.tsx'
import { SessionList } from './session-list.tsx'
import { TokenList } from './token-list.tsx'

/** How do I connect, who may, who did. */
export function BridgeScreen() {
  const url = useHouse((state) => state.house.url)
  useFootKeys([['n', words.newToken]])
  return (
    <Page
      title={words.title}
      beside={<>
        <Status status="active" word={words.listening} />
        <div className="code one addr"><pre tabIndex={0} role="group" aria-label={words.address}>{url}</pre><CopyButton text={url} label={words.copyAddress} className="copy" /></div>
        <span className="dim nowrap">{words.here}</span>
      </>}
    >
      <div className="scroll">
        <div className="bridge">
          <div>
            <TokenList />
            <SessionList />
          </div>
          <Connect />
        </div>
        <Calls />
      </div>
    </Page>
  )
}
