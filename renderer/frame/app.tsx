import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { useStore } from 'zustand'
import { Tooltip } from '@base-ui/react/tooltip'
import type { Endpoint } from '../../shared/wire/endpoint.ts'
import { FloatRoot } from '../parts/overlays.tsx'
import { CopyText } from '../parts/buttons.tsx'
import { CommandsContext, createCommands, runWhenThere } from '../commands/command.ts'
import { listenKeys } from '../commands/listen-keys.ts'
import { ConnectionContext, EndpointContext, type Surroundings, SurroundingsContext } from '../state/contexts.ts'
import { ConnectingPage, LockedPage, LostPage, MismatchPage } from './state-pages.tsx'
import { Frame } from './frame.tsx'
import { ToastHost } from './toast-host.tsx'

export interface AppProps {
  readonly surroundings: Surroundings
  /** Trades a login code for a session: only in a browser. */
  readonly login: (code: string) => Promise<void>
}

/** Which page the connection calls for; the frame with its screens stays as long as there is a state to show. */
export function App({ surroundings, login }: AppProps) {
  const { connector, store, native } = surroundings
  const connection = useSyncExternalStore(connector.onChange, connector.current)
  const known = useStore(store, ({ state }) => state !== null)
  const last = useRef<Endpoint>(null)
  if (connection.state === 'open') last.current = connection.endpoint
  const [commands] = useState(createCommands)
  useEffect(() => listenKeys(window, commands, /Mac/.test(navigator.platform)), [commands])
  useEffect(() => native.onCommand((name) => runWhenThere(commands, name, () => performance.now())), [native, commands])

  function page() {
    if (connection.state === 'locked') return <LockedPage problem={connection.problem} login={login} />
    if (connection.state === 'mismatch') return <MismatchPage page={connection.page} engine={connection.engine} />
    if (known && last.current !== null)
      return (
        <EndpointContext value={last.current}>
          <Frame />
        </EndpointContext>
      )
    if (connection.state === 'lost') return <LostPage reason={connection.reason} />
    return <ConnectingPage />
  }

  return (
    <SurroundingsContext value={surroundings}>
      <ConnectionContext value={connection}>
        <CommandsContext value={commands}>
          <CopyText value={native.copy}>
            <Tooltip.Provider delay={500}>
              <FloatRoot>
                <ToastHost>{page()}</ToastHost>
              </FloatRoot>
            </Tooltip.Provider>
          </CopyText>
        </CommandsContext>
      </ConnectionContext>
    </SurroundingsContext>
  )
}
