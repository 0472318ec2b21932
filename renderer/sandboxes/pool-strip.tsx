import { memo, useRef } from 'react'
import { sayNext } from '../../shared/say-next.ts'
import type { SandboxRow, SlotRow } from '../../shared/state.ts'
import { useHouse } from '../state/contexts.ts'
import { Button } from '../parts/buttons.tsx'
import { Menu } from '../parts/overlays.tsx'
import { Icon } from '../parts/indicators.tsx'
import { useFormat } from '../words/format.ts'
import { sandboxesWords } from '../words/sandboxes.ts'
import type { GroupBy } from './list/arrange.logic.ts'
import { useSandboxActions } from '../actions/actions.ts'
import { type Berth, berths, mostBerths, tally } from './pool.logic.ts'

const words = sandboxesWords.pool
const ways: readonly GroupBy[] = ['state', 'holder', 'flat']

/** Whether there is room, in a picture, a number and a sentence. */
export function PoolStrip({ by, onGroup }: { by: GroupBy; onGroup: (by: GroupBy) => void }) {
  const actions = useSandboxActions()
  const state = useHouse(({ sandboxes }) => sandboxes)
  // The sandboxes change twenty times a second, what counts of them seldom: the picture is made of this text.
  const rows = Object.values(state)
  const key = rows
    .map(
      ({ id, status, commands, last_activity_at }) =>
        `${id}${status}${status === 'warm' || status === 'paused' ? `${commands.length}${last_activity_at}` : ''}`,
    )
    .join()
  return (
    <section className="strip pool" aria-label={words.label}>
      <Says rows={useKept(rows, key)} />
      <div className="end">
        <Menu
          label={sandboxesWords.by.label}
          trigger={
            <button type="button" className="btn quiet" aria-label={`${sandboxesWords.by.label}: ${sandboxesWords.by[by]}`}>
              <Icon name="filter" />
              <span className="label">{sandboxesWords.by[by]}</span>
            </button>
          }
          items={ways.map((one) => ({ label: sandboxesWords.by[one], icon: one === by ? ('check' as const) : undefined, run: () => onGroup(one) }))}
        />
        <Button kind="quiet" icon="power" aria-label={words.shutDown} onClick={() => actions.shutDown()}>
          <span className="label">{words.shutDown}</span>
        </Button>
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
  const label = `${counted} ${words.replicas}: ${tally(all)
    .map(({ berth, count: many }) => `${many} ${berth}`)
    .join(', ')}; ${count}`
  return (
    <>
      {Math.max(house.replicas, all.length) > mostBerths ? (
        <PoolBar all={all} label={label} />
      ) : (
        <Pier berths={all} replicas={house.replicas} slots={slots} label={label} />
      )}
      <p>
        <span className="strong">{counted}</span> {words.replicas}
        {slots.length === 0 ? null : (
          <>
            <span className="dim"> · </span>
            <span className="strong">{format.number(slots.length)}</span> {count.replace(/^\S+ /, '')}
          </>
        )}
      </p>
      <p className="dim cut next" title={says.map(({ text }) => text).join('')}>
        {says.map(({ text, name }, at) =>
          name ? (
            <span key={at} className="mid">
              {text}
            </span>
          ) : (
            text
          ),
        )}
      </p>
    </>
  )
})

function PoolBar({ all, label }: { all: readonly Berth[]; label: string }) {
  return (
    <span className="poolbar" role="img" aria-label={label}>
      {tally(all).map(({ berth, count }) => (
        <i key={berth} className={berth} style={{ flex: count }} />
      ))}
    </span>
  )
}

export interface PierProps {
  readonly berths: readonly Berth[]
  readonly replicas: number
  readonly slots: readonly Pick<SlotRow, 'name' | 'state'>[]
  readonly label: string
  readonly big?: boolean | undefined
}

interface Shape {
  readonly pitch: number
  readonly height: number
  readonly full: string
  readonly line: string
  readonly slot: string
  readonly bollard: string
}

const small: Shape = {
  pitch: 14,
  height: 21,
  full: 'M-4 5.4C-5.3 8.9-4.2 14.6 0 19.4C4.2 14.6 5.3 8.9 4 5.4Z',
  line: 'M-3.6 5.7C-4.7 9-3.8 14.3 0 18.8C3.8 14.3 4.7 9 3.6 5.7Z',
  slot: 'M-3.6 5.7C-4.7 9-3.8 14.3 0 18.8C3.8 14.3 4.7 9 3.6 5.7Z',
  bollard: 'M0 4.6v1.8',
}
const large: Shape = {
  pitch: 28,
  height: 35,
  full: 'M-8 5.4C-10.6 12.4-8.4 23.9 0 33.4C8.4 23.9 10.6 12.4 8 5.4Z',
  line: 'M-7.7 5.7C-10.1 12.5-8 23.6 0 32.8C8 23.6 10.1 12.5 7.7 5.7Z',
  slot: 'M-7.7 5.7C-10.1 12.5-8 23.6 0 32.8C8 23.6 10.1 12.5 7.7 5.7Z',
  bollard: 'M0 5v3',
}

/** Boats at their pier: the picture of what is used, kept warm and free; slots at a pier of their own. The quay is as long as the limit. */
export function Pier({ berths, replicas, slots, label, big = false }: PierProps) {
  const shape = big ? large : small
  const { pitch } = shape
  const first = Math.max(berths.length, replicas) * pitch + 11
  const width = slots.length === 0 ? first - 11 : first + slots.length * pitch - 1
  return (
    <svg className="pier" viewBox={`0 0 ${width} ${shape.height}`} width={width} height={shape.height} role="img" aria-label={label}>
      <path className="quay" d={`M1 2H${replicas * pitch - 1}`} />
      {berths.map((berth, at) => (
        <g key={at} transform={`translate(${at * pitch + pitch / 2} 0)`}>
          <Boat berth={berth} shape={shape} />
        </g>
      ))}
      {slots.length === 0 ? null : <path className="quay" d={`M${first} 2H${first + slots.length * pitch - 2}`} />}
      {slots.map(({ name, state }, at) => (
        <path
          key={name}
          className={state === 'starting' ? 'slot starting' : 'slot'}
          d={shape.slot}
          transform={`translate(${first + at * pitch + pitch / 2 - 1} 0)`}
        />
      ))}
    </svg>
  )
}

function Boat({ berth, shape }: { berth: Berth; shape: Shape }) {
  switch (berth) {
    case 'free':
      return <path className="bollard" d={shape.bollard} />
    case 'active':
      return <path className="active" d={shape.full} />
    case 'creating':
      return (
        <>
          <path className="creating" d={shape.line} />
          <path className="part" d="M-3.6 6.8h7.2v4.4h-7.2z" />
        </>
      )
    case 'warm':
      return <path className="warm" d={shape.line} />
    case 'paused':
      return (
        <>
          <path className="paused" d={shape.line} />
          <path className="paused" d="M0 8.6v4.6" />
        </>
      )
    case 'stopping':
      return <path className="stopping" d={shape.line} />
  }
}
