import { Component, type ReactNode, useEffect, useRef, useState } from 'react'
import { ActionsHost } from '../actions/actions-host.tsx'
import { frameWords } from '../words/frame.ts'
import { useConnection, useHouse, useSight } from '../state/contexts.ts'
import { LostBanner, UnknownPage } from './state-pages.tsx'
import { hashOf, useRoute } from '../state/page-address.ts'
import { fetchScreens, screenOf } from './screens.tsx'
import { FrameCommands, paletteKeys } from './frame-commands.tsx'
import { type FootKey, FootKeysContext } from '../commands/foot-keys.ts'
import { focusIsNowhere, keepFocus } from '../parts/keep-focus.ts'
import type { BerthEvent } from '../../shared/events.ts'
import { Icon, type IconName, Kbd, Mark } from '../parts/indicators.tsx'
import { useFormat } from '../words/format.ts'
import { acts } from '../commands/keys.logic.ts'
import { useFocusPlace } from '../commands/focus-place.ts'
import { Button, CopyButton } from '../parts/buttons.tsx'
import { activeCount, addressOf, healthOf, imageShare } from './side.logic.ts'
import { Code } from '../parts/blocks.tsx'
import { Page } from '../parts/page.tsx'

interface Props {
  /** Another place: the failure is left behind. */ readonly place: string
  readonly children: ReactNode
}
interface State {
  readonly error: unknown
  readonly place: string
}

/** A screen that throws takes itself away, not the frame around it. */
class ScreenBoundary extends Component<Props, State> {
  override state: State = { error: null, place: this.props.place }

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error: error ?? new Error('it threw nothing') }
  }

  static getDerivedStateFromProps({ place }: Props, state: State): Partial<State> | null {
    return place === state.place ? null : { error: null, place }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <Page title={frameWords.failed.title}>
        <div className="scroll">
          <div className="lead">
            <h2>{error instanceof Error ? error.message : String(error)}</h2>
            <p>{frameWords.failed.next}</p>
            <div className="how">
              <div className="h2">
                <span>{frameWords.failed.report}</span>
              </div>
              <Code text={error instanceof Error ? (error.stack ?? error.message) : String(error)} label={frameWords.failed.report} />
            </div>
            <div className="or">
              <Button kind="primary" onClick={() => this.setState({ error: null })}>
                {frameWords.failed.again}
              </Button>
            </div>
          </div>
        </div>
      </Page>
    )
  }
}

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
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          document.getElementById('main')?.focus()
        }}
      >
        {frameWords.skip}
      </a>
      <ActionsHost>
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
      </ActionsHost>
    </FootKeysContext>
  )
}

/** The last event, read out at most once a second, and the keys that act where the focus is. */
function Foot({ keys }: { keys: readonly FootKey[] }) {
  const event = useCalm(useHouse(({ house }) => house.last_event))
  const format = useFormat()
  const place = useFocusPlace()
  const mac = /Mac/.test(navigator.platform)
  const palette = paletteKeys.find((one) => acts(one, undefined, place, mac))
  return (
    <footer className="foot">
      <span role="status" title={event?.text}>
        {event === null ? (
          frameWords.nothingYet
        ) : (
          <>
            <span className="dim">{format.clock(new Date(event.at))}</span> {event.thread && !event.text.includes(event.thread) ? <>{event.thread}: </> : null}
            {event.text}
          </>
        )}
      </span>
      <span className="keys" aria-hidden="true">
        {keys.map(([combination, label, at]) =>
          acts(combination, at, place, mac) ? (
            <span key={combination}>
              <Kbd keys={combination} /> {label}
            </span>
          ) : null,
        )}
        {palette === undefined ? null : (
          <span>
            <Kbd keys={palette} /> {frameWords.commands}
          </span>
        )}
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
    const timer = setTimeout(
      () => {
        changed.current = performance.now()
        setShown(newest)
      },
      Math.max(0, 1000 - (performance.now() - changed.current)),
    )
    return () => clearTimeout(timer)
  }, [newest, shown])
  return shown
}

/** Where one can go, whether the engine answers, and where agents connect. */
function Side() {
  const format = useFormat()
  const [active, share] = useHouse(({ house, sandboxes }) => [activeCount(Object.values(sandboxes)), imageShare(house)])
  return (
    <div className="side">
      <header className="titlebar">
        <span className="brand">
          <svg className="glyph" viewBox="0 0 18 18" aria-hidden="true">
            <use href="#m-berth" />
          </svg>
          Berth
        </span>
      </header>
      <nav aria-label="Main">
        <ul>
          <Place to="sandboxes" icon="sandboxes" count={active > 0 ? format.number(active) : undefined} counted={`${active} active`} />
          <Place to="activity" icon="activity" />
          <Place
            to="images"
            icon="images"
            count={share === null ? undefined : format.percent(share)}
            counted={share === null ? '' : `Pulling, ${format.percent(share)}`}
          />
          <Place to="bridge" icon="bridge" />
          <Place to="settings" icon="settings" />
        </ul>
      </nav>
      <Health />
    </div>
  )
}

function Place({ to, icon, count, counted = '' }: { to: keyof typeof frameWords.nav; icon: IconName; count?: string | undefined; counted?: string }) {
  const here = useRoute().path[0] === to
  const label = frameWords.nav[to]
  return (
    <li>
      <a
        href={hashOf([to])}
        aria-current={here ? 'page' : undefined}
        title={count === undefined ? label : `${label}: ${counted}`}
        aria-label={count === undefined ? label : `${label}, ${counted}`}
      >
        <Icon name={icon} />
        <span className="label">{label}</span>
        {count === undefined ? null : <span className="count">{count}</span>}
      </a>
    </li>
  )
}

function Health() {
  const house = useHouse((state) => state.house)
  const health = healthOf(house, useSight())
  return (
    <section className="health" aria-label={frameWords.health}>
      <span className={`engine ${health.kind}`}>
        <a
          href={health.kind === 'missing' ? hashOf(['sandboxes']) : hashOf(['settings'])}
          title={health.title}
          aria-label={`Engine: ${health.name}, ${health.detail}`}
        >
          <Mark name={health.kind === 'missing' ? 'failed' : 'active'} />
          <span className="label">{health.name}</span>
          {health.kind === 'ok' ? null : <span className="detail">{health.detail}</span>}
        </a>
      </span>
      <span className="address" title={house.url}>
        <Icon name="bridge" />
        <code className="label">{addressOf(house.url)}</code>
        <CopyButton text={house.url} label={frameWords.copyAddress} />
      </span>
    </section>
  )
}
