import { type CSSProperties, useMemo, useState } from 'react'
import type { BerthEvent } from '../../shared/events.ts'
import { useActors, useHouse, useNative, useNow, useTopic } from '../state/contexts.ts'
import { go } from '../state/page-address.ts'
import { useFootKeys } from '../commands/foot-keys.ts'
import { Page } from '../parts/page.tsx'
import { Button, Filters, Segments } from '../parts/buttons.tsx'
import { useTask } from '../parts/use-task.ts'
import { activityWords as words } from './activity.words.ts'
import { type Bar, counts, type Happening, happenings, type Lane, lanes, type Sign as SignName, summary } from '../state/story.logic.ts'
import { useFormat } from '../words/format.ts'
import { Empty } from '../parts/blocks.tsx'
import { stair } from '../parts/curves.ts'
import type { Column } from '../parts/grid/columns.ts'
import { type Chosen, nothingChosen } from '../parts/grid/grid.logic.ts'
import { Grid } from '../parts/grid/grid.tsx'
import { Sign } from './sign.tsx'

const ranges = { quarter: 15 * 60_000, hour: 3_600_000, six: 6 * 3_600_000, day: 24 * 3_600_000 }
const kept = 2000

/** Why did it start cold, why is it gone: one line a sandbox, and what happened to them. */
export function ActivityScreen() {
  const [events, setEvents] = useState<readonly BerthEvent[]>([])
  const [range, setRange] = useState<keyof typeof ranges>('hour')
  const [chosen, setChosen] = useState<Happening | null>(null)
  const [house, sandboxes] = useHouse((state) => [state.house, state.sandboxes])
  const now = useNow('minute')
  const native = useNative()
  const task = useTask()
  useTopic(
    'events',
    { limit: 1000 },
    {
      start: () => setEvents([]),
      event: (batch) =>
        setEvents((before) => {
          const last = before.at(-1)?.seq ?? 0
          return [...before, ...batch.events.filter(({ seq }) => seq > last)].slice(-kept)
        }),
    },
  )
  // The newest event may be younger than the last tick of the minute.
  const to = Math.max(now, Date.parse(events.at(-1)?.at ?? '') || now)
  const from = to - ranges[range]
  const all = useMemo(() => happenings(events, words.anonymous), [events])
  const drawn = useMemo(() => {
    const present = Object.values(sandboxes).map(({ id, thread, status, created_at }) => ({
      id,
      name: thread ?? `${words.anonymous} ${id.slice(0, 6)}`,
      state: barOf(status),
      since: Date.parse(created_at),
    }))
    return lanes(events, present, from, to, words.anonymous)
  }, [events, sandboxes, from, to])
  useFootKeys([['Enter', 'Open sandbox', 'row']])
  return (
    <Page
      title={words.title}
      beside={
        <>
          <Segments
            label={words.range}
            value={range}
            onChange={setRange}
            options={(['quarter', 'hour', 'six', 'day'] as const).map((value) => ({ value, label: words.ranges[value] }))}
          />
          <p className="dim cut sum">
            <Summary of={summary(all, from)} />
          </p>
        </>
      }
      end={
        <Button
          kind="quiet"
          icon="download"
          onClick={() => task.run(async () => void (await native.saveText('berth-events.jsonl', events.map((event) => JSON.stringify(event)).join('\n'))))}
        >
          <span className="label">{words.exportIt}</span>
        </Button>
      }
    >
      <Timeline lanes={drawn} from={from} to={to} range={words.ranges[range]} replicas={house.replicas} slots={house.spares.slots.length} chosen={chosen} />
      <HappeningList
        all={all.filter(({ at }) => at >= from)}
        onChoose={setChosen}
        onOpen={({ sandbox }) => {
          if (sandbox !== null) go('sandboxes', sandbox, 'events')
        }}
      />
    </Page>
  )
}

function barOf(status: string): Bar['state'] | null {
  return status === 'creating' || status === 'active' || status === 'warm' || status === 'paused' ? status : null
}

const signs = ['slot', 'cold', 'reclaimed', 'evicted', 'reaped', 'failed'] as const

/** What happened, newest first; the chosen one is marked in the picture above. */
export function HappeningList({
  all,
  onChoose,
  onOpen,
}: {
  all: readonly Happening[]
  onChoose: (it: Happening | null) => void
  onOpen: (it: Happening) => void
}) {
  const format = useFormat()
  const actor = useActors()
  const [filter, setFilter] = useState<'all' | Exclude<SignName, 'other'>>('all')
  const [chosen, setChosen] = useState<Chosen>(nothingChosen)
  const shown = useMemo(() => (filter === 'all' ? all : all.filter(({ sign }) => sign === filter)), [all, filter])
  const columns = useMemo(
    (): readonly Column<Happening>[] => [
      { id: 'when', title: words.columns.when, className: 'c-when mid', cell: ({ at }) => format.clock(new Date(at)) },
      {
        id: 'thread',
        title: words.columns.thread,
        head: true,
        className: 'c-thread',
        cell: ({ sign, name }) => (
          <span className="evt">
            {sign === 'other' ? null : <Sign sign={sign} />}
            <span className="strong cut">{name}</span>
          </span>
        ),
      },
      { id: 'what', title: words.columns.what, className: 'mid', cell: ({ text }) => <span title={text}>{text}</span> },
      { id: 'who', title: words.columns.who, className: 'c-who mid', cell: ({ who }) => actor(who).name },
      { id: 'took', title: words.columns.took, className: 'c-took mid', num: true, cell: ({ tookMs }) => (tookMs === null ? '' : format.duration(tookMs)) },
    ],
    [format, actor],
  )
  const choose = (next: Chosen) => {
    setChosen(next)
    onChoose(shown.find(({ seq }) => String(seq) === next.current) ?? null)
  }
  return (
    <>
      <div className="strip key" role="group" aria-label={words.show}>
        <Filters
          label={words.show}
          value={filter}
          onChange={setFilter}
          options={[
            { value: 'all', label: words.all, count: all.length },
            ...signs.map((sign) => ({ value: sign, label: words[sign], count: all.filter((it) => it.sign === sign).length })).filter(({ count }) => count > 0),
          ]}
        />
        <div className="end bars" aria-hidden="true">
          {(['active', 'warm', 'paused'] as const).map((state) => (
            <span key={state}>
              <i className={state} />
              {words[state]}
            </span>
          ))}
        </div>
      </div>
      <Grid
        label={words.events}
        className="evlist"
        columns={columns}
        groups={[{ id: 'all', rows: shown }]}
        id={({ seq }) => String(seq)}
        text={({ name }) => name}
        chosen={chosen}
        onChoose={choose}
        onOpen={onOpen}
        empty={<Empty title={all.length === 0 ? words.none : words.noMatch}>{all.length === 0 ? words.noneHow : null}</Empty>}
      />
    </>
  )
}

/** What came of new threads, as a sentence. */
export function Summary({ of }: { of: ReturnType<typeof summary> }) {
  const format = useFormat()
  const total = of.slot + of.cold + of.failed
  if (total === 0) return <>{words.noNew}</>
  const parts = [
    of.slot > 0 ? (
      <span key="slot">
        {words.tookSlot(of.slot)}
        {of.slotMs === null ? null : <span className="mid"> {words.inTime(format.inWords(of.slotMs))}</span>}
      </span>
    ) : null,
    of.cold > 0 ? (
      <span key="cold">
        {words.startedCold(of.cold)}
        {of.coldMs === null ? null : <span className="mid"> {words.inTime(format.inWords(of.coldMs))}</span>}
      </span>
    ) : null,
    of.failed > 0 ? <span key="failed">{words.didFail(of.failed)}</span> : null,
  ].filter((part) => part !== null)
  return (
    <>
      <span className="strong">{words.newThreads(format.count(total, words.thread))}</span> {parts.flatMap((part, at) => (at === 0 ? [part] : [', ', part]))}.
    </>
  )
}

/** Lanes that fit above the list; the others are counted. */
const mostLanes = 14

export interface TimelineProps {
  readonly lanes: readonly Lane[]
  readonly from: number
  readonly to: number
  readonly range: string
  readonly replicas: number
  readonly slots: number
  /** Marked in the picture. */
  readonly chosen: Happening | null
}

/** One line a sandbox, bars for states, signs for events; above them how full the pool was. */
export function Timeline({ lanes, from, to, range, replicas, slots, chosen }: TimelineProps) {
  const format = useFormat()
  const clock = (at: number) => format.clock(new Date(at)).slice(0, 5)
  const steps = counts(lanes, from, to)
  const last = steps.at(-1)
  const top = Math.max(replicas, ...steps.map(({ active, warm }) => active + warm), 1)
  const scale = { from, to, top, width: 600, height: 72 }
  const active = stair(
    steps.map(({ at, active: value }) => ({ at, value })),
    scale,
  )
  const warm = stair(
    steps.map(({ at, active: one, warm: two }) => ({ at, value: one + two })),
    scale,
  )
  const share = (at: number) => `${Math.max(0, Math.min(100, ((at - from) / (to - from)) * 100))}%`
  const shown = lanes.slice(0, mostLanes)
  return (
    <section className="timeline" aria-labelledby="pic">
      <h2 id="pic" className="sr">
        {words.picture(range)}
      </h2>
      <div className="poolchart">
        <div className="name">
          <span className="strong">{words.pool}</span>
          <br />
          <span className="dim small">{words.counted(last?.active ?? 0, last?.warm ?? 0, slots)}</span>
        </div>
        <div className="plot">
          <svg viewBox="0 0 600 72" preserveAspectRatio="none" role="img" aria-label={words.poolLabel(range)}>
            <path className="f-warm" d={warm.area} />
            <path className="f-active" d={active.area} />
            <path className="l-warm" d={warm.line} />
            <path className="l-active" d={active.line} />
            <path className="cap" d={`M0 ${72 - (replicas / top) * 72}H600`} />
          </svg>
        </div>
        <div className="scale" aria-hidden="true">
          <span style={{ bottom: 0 }}>0</span>
          <span style={{ bottom: `${(replicas / top) * 100}%` }}>{words.replicas(replicas)}</span>
        </div>
      </div>
      <ol className="lanelist" aria-label={words.lanes(range)}>
        {shown.map((lane) => (
          <li key={lane.sandbox} className={chosen?.sandbox === lane.sandbox ? 'on' : undefined}>
            <span className={lane.live ? 'name' : 'name dim'} title={lane.name}>
              {lane.name}
            </span>
            <span
              className="track"
              role="img"
              aria-label={[
                ...lane.bars.map((bar) => words.to(words[bar.state], clock(bar.from), clock(bar.to))),
                ...lane.points.map(({ sign, at }) => words.at(words.signs[sign], clock(at))),
              ].join(', ')}
            >
              {lane.bars.map((bar) => (
                <i
                  key={`${bar.from}${bar.state}`}
                  className={bar.state}
                  style={{ left: share(bar.from), width: `calc(${share(bar.to)} - ${share(bar.from)})` }}
                />
              ))}
              {lane.points.map(({ sign, at, seq }) => (
                <span key={seq} className="at" style={{ left: share(at) }}>
                  <Sign sign={sign} />
                </span>
              ))}
            </span>
          </li>
        ))}
      </ol>
      {lanes.length > mostLanes ? <p className="dim small">{words.more(String(lanes.length - mostLanes))}</p> : null}
      {chosen && chosen.at >= from ? (
        <div className="guide" style={{ '--x': String((chosen.at - from) / (to - from)) } as CSSProperties} aria-hidden="true">
          <span>{format.clock(new Date(chosen.at))}</span>
        </div>
      ) : null}
      <div className="axisrow">
        <span />
        <div className="ticks" aria-hidden="true">
          {Array.from({ length: 7 }, (_, at) => (
            <span key={at}>{clock(from + ((to - from) * at) / 6)}</span>
          ))}
        </div>
        <span />
      </div>
    </section>
  )
}
