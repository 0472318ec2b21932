import type { IconName } from '../../parts/signs/icon.tsx'
import { CopyButton } from '../../parts/buttons/copy-button.tsx'
import { Icon } from '../../parts/signs/icon.tsx'
import { Mark } from '../../parts/signs/mark.tsx'
import { useFormat } from '../../words/formats.ts'
import { frameWords } from '../../words/frame.ts'
import { useSight } from '../house/use-sight.ts'
import { useHouse } from '../house/use-house.ts'
import { hashOf, useRoute } from '../route.ts'
import { activeCount, addressOf, healthOf, imageShare } from './side.logic.ts'

/** Where one can go, whether the engine answers, and where agents connect. */
export function Side() {
  const format = useFormat()
  const [active, share] = useHouse(({ house, sandboxes }) => [activeCount(Object.values(sandboxes)), imageShare(house)])
  return (
    <div className="side">
      <header className="titlebar">
        <span className="brand"><svg className="glyph" viewBox="0 0 18 18" aria-hidden="true"><use href="#m-berth" /></svg>Berth</span>
      </header>
      <nav aria-label="Main">
        <ul>
          <Place to="sandboxes" icon="sandboxes" count={active > 0 ? format.number(active) : undefined} counted={`${active} active`} />
          <Place to="activity" icon="activity" />
          <Place to="images" icon="images" count={share === null ? undefined : format.percent(share)} counted={share === null ? '' : `Pulling, ${format.percent(share)}`} />
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
      <a href={hashOf([to])} aria-current={here ? 'page' : undefined} title={count === undefined ? label : `${label}: ${counted}`} aria-label={count === undefined ? label : `${label}, ${counted}`}>
        <Icon name={icon} /><span className="label">{label}</span>{count === undefined ? null : <span className="count">{count}</span>}
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
        <a href={health.kind === 'missing' ? hashOf(['sandboxes']) : hashOf(['settings'])} title={health.title} aria-label={`Engine: ${health.name}, ${health.detail}`}>
          <Mark name={health.kind === 'missing' ? 'failed' : 'active'} /><span className="label">{health.name}</span>{health.kind === 'ok' ? null : <span className="detail">{health.detail}</span>}
        </a>
      </span>
      <span className="address" title={house.url}>
        <Icon name="bridge" /><code className="label">{addressOf(house.url)}</code><CopyButton text={house.url} label={frameWords.copyAddress} />
      </span>
    </section>
  )
}
