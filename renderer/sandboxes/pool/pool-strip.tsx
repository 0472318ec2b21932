import { memo, useRef } from 'react'
import { sayNext } from '../../../shared/say-next.ts'
import type { SandboxRow } from '../../../shared/state.ts'
import { useHouse } from '../../frame/house/use-house.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { Menu } from '../../parts/floats/menu.tsx'
import { Icon } from '../../parts/signs/icon.tsx'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import type { GroupBy } from '../list/arrange.logic.ts'
import { useDeeds } from '../deeds/deeds.ts'
import { Pier } from './pier.tsx'
import { berths, mostBerths, tally, type Berth } from './pool.logic.ts'

const words = sandboxesWords.pool
const ways: readonly GroupBy[] = ['state', 'holder', 'flat']

/** Whether there is room, in a picture, a number and a sentence. */
export function PoolStrip({ by, onGroup }: { by: GroupBy; onGroup: (by: GroupBy) => void }) {
  const deeds = useDeeds()
  const state = useHouse(({ sandboxes }) => sandboxes)
  // The sandboxes change twenty times a second, what counts of them seldom: the picture is made of this text.
  const rows = Object.values(state)
  const key = rows.map(({ id, status, commands, last_activity_at }) => `${id}${status}${status === 'warm' || status === 'paused' ? `${commands.length}${last_activity_at}` : ''}`).join()
  return (
    <section className="strip pool" aria-label={words.label}>
      <Says rows={useKept(rows, key)} />
      <div className="end">
        <Menu
          label={sandboxesWords.by.label}
          trigger={<button type="button" className="btn quiet" aria-label={`${sandboxesWords.by.label}: ${sandboxesWords.by[by]}`}><Icon name="filter" /><span className="label">{sandboxesWords.by[by]}</span></button>}
          items={ways.map((one) => ({ label: sandboxesWords.by[one], icon: one === by ? 'check' as const : undefined, run: () => onGroup(one) }))}
        />
        <Button kind="quiet" icon="power" aria-label={words.shutDown} onClick={() => deeds.shutDown()}><span className="label">{words.shutDown}</span></Button>
      </div>
    </section>
  )
}

/** The rows of when `key` last changed. */
function useKept(rows: readonly SandboxRow[], key: string): readonly SandboxRow[] {
  const last = useRef({ key, rows })
  if (last.current.key !== key) last.current = { key, rows }
  return last.current.rows
}

const Says = memo(function Says({ rows }: { rows: readonly SandboxRow[] }) {
  const house = useHouse(({ house: all }) => all)
  const format = useFormat()
  const all = berths(rows, house)
  const slots = house.spares.slots
  const says = sayNext(house.next.acquire, house.replicas, format)
  const counted = words.of(format.number(house.counted), format.number(house.replicas))
  const count = format.count(slots.length, ...words.slots)
  const label = `${counted} ${words.replicas}: ${tally(all).map(({ berth, count: many }) => `${many} ${berth}`).join(', ')}; ${count}`
  return (
    <>
      {Math.max(house.replicas, all.length) > mostBerths ? <PoolBar all={all} label={label} /> : <Pier berths={all} replicas={house.replicas} slots={slots} label={label} />}
      <p>
        <span className="strong">{counted}</span> {words.replicas}
        {slots.length === 0 ? null : <><span className="dim"> · </span><span className="strong">{format.number(slots.length)}</span> {count.replace(/^\S+ /, '')}</>}
      </p>
      <p className="dim cut next" title={says.map(({ text }) => text).join('')}>
        {says.map(({ text, name }, at) => name ? <span key={at} className="mid">{text}</span> : text)}
      </p>
    </>
  )
})

function PoolBar({ all, label }: { all: readonly Berth[]; label: string }) {
  return <span className="poolbar" role="img" aria-label={label}>{tally(all).map(({ berth, count }) => <i key={berth} className={berth} style={{ flex: count }} />)}</span>
}
