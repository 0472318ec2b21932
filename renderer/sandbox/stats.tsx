import { type KeyboardEvent, type PointerEvent, useState } from 'react'
import type { Usage } from '../../shared/gauge.ts'
import { useNative, useTopic } from '../state/contexts.ts'
import { Button, Segments } from '../parts/buttons.tsx'
import { Empty } from '../parts/blocks.tsx'
import type { Sample } from '../parts/curves.ts'
import { useToast } from '../parts/toasts.ts'
import { useFormat } from '../words/format.ts'
import { tabWords } from './tabs.words.ts'
import type { TabProps } from './tab.ts'
import { useTask } from '../parts/use-task.ts'
import { curve, nearest, niceTop, perSecond } from './chart.logic.ts'

const words = tabWords.stats
const kept = 300
const ranges = { minute: 60_000, five: 300_000 }

/** What made it slow: four charts over one time axis, one cursor through all. */
export function StatsTab({ row }: TabProps) {
  const [usages, setUsages] = useState<readonly Usage[]>([])
  const [refused, setRefused] = useState<string | null>(null)
  const [range, setRange] = useState<keyof typeof ranges>('five')
  const [cursor, setCursor] = useState<number | null>(null)
  const native = useNative()
  const toast = useToast()
  const task = useTask()
  const format = useFormat()
  useTopic('stats', row.status === 'creating' ? null : { id: row.id }, {
    start() {
      setUsages([])
      setRefused(null)
    },
    event: ({ samples }) => setUsages((before) => [...before, ...samples].slice(-kept)),
    end: (error) => setRefused(error?.message ?? null),
  })
  const last = usages.at(-1)
  if (refused !== null)
    return (
      <div className="scroll pad">
        <Empty title={refused} />
      </div>
    )
  if (!last)
    return (
      <div className="scroll pad">
        <Empty title={words.nothing}>{row.status === 'paused' ? words.pausedWhy : null}</Empty>
      </div>
    )
  const to = Date.parse(last.at)
  const from = to - ranges[range]
  const series = (read: (usage: Usage) => number | null): readonly Sample[] => usages.map((usage) => ({ at: Date.parse(usage.at), value: read(usage) }))
  const cpu = series(({ cpu: value }) => value)
  const memory = series(({ memory: value }) => value)
  const [netIn, netOut] = [perSecond(series(({ net_in }) => net_in)), perSecond(series(({ net_out }) => net_out))]
  const [written, read] = [perSecond(series(({ disk_written }) => disk_written)), perSecond(series(({ disk_read }) => disk_read))]
  const rate = (value: number) => format.rate(value)
  const share = (value: number) => format.percent(value / 100)
  const common = { from, to, cursor, onCursor: setCursor }

  const csv = () =>
    [
      'at,cpu_percent,memory,pids,net_in,net_out,disk_read,disk_written',
      ...usages.map((it) => [it.at, it.cpu, it.memory, it.pids, it.net_in, it.net_out, it.disk_read, it.disk_written].join(',')),
    ].join('\n')
  return (
    <>
      <div className="strip">
        <Segments
          label={words.range}
          value={range}
          onChange={setRange}
          options={[
            { value: 'minute', label: words.minute },
            { value: 'five', label: words.five },
          ]}
        />
        <span className="dim small">
          {words.note}
          {last.pids === null ? '' : ` ${words.processes(format.number(last.pids))}.`}
        </span>
        <div className="end">
          <Button
            kind="quiet"
            icon="copy"
            onClick={() =>
              task.run(async () => {
                await native.copy(csv())
                toast({ title: words.copied })
              })
            }
          >
            <span className="label">{words.csv}</span>
          </Button>
        </div>
      </div>
      <div className="scroll pad tight">
        <div className="lanes">
          <Lane
            {...common}
            title={words.cpu}
            top={Math.max((last.cpu_limit ?? 1) * 100, niceTop(cpu, 10))}
            first={cpu}
            show={share}
            after={last.cpu_limit === null ? words.ofAll : words.of(String(last.cpu_limit))}
          />
          <Lane
            {...common}
            title={words.memory}
            top={last.memory_limit ?? niceTop(memory, 1, 1024)}
            limit={last.memory_limit}
            first={memory}
            show={(value) => format.size(value)}
          />
          {last.net_in === null ? null : (
            <Lane
              {...common}
              title={words.network}
              top={Math.max(niceTop(netIn, 1024, 1024), niceTop(netOut, 1024, 1024))}
              first={netIn}
              second={netOut}
              names={[words.in, words.out]}
              show={rate}
            />
          )}
          {last.disk_written === null ? null : (
            <Lane
              {...common}
              title={words.disk}
              top={Math.max(niceTop(written, 1024, 1024), niceTop(read, 1024, 1024))}
              first={written}
              second={read}
              names={[words.written, words.read]}
              show={rate}
            />
          )}
          <div className="axisrow">
            <span />
            <div className="ticks">
              {Array.from({ length: 6 }, (_, at) => (
                <span key={at}>{format.clock(new Date(from + ((to - from) * at) / 5))}</span>
              ))}
            </div>
            <span />
          </div>
        </div>
      </div>
    </>
  )
}

const size = { width: 600, height: 64 }

export interface LaneProps {
  readonly title: string
  readonly from: number
  readonly to: number
  readonly top: number
  readonly limit?: number | null | undefined
  readonly first: readonly Sample[]
  readonly second?: readonly Sample[] | undefined
  readonly names?: readonly [string, string] | undefined
  readonly show: (value: number) => string
  readonly after?: string | undefined
  /** A moment, in all charts at once. */
  readonly cursor: number | null
  readonly onCursor: (at: number | null) => void
}

/** One chart: a line over time, with its number of now, or of the moment under the cursor. */
export function Lane({ title, from, to, top, limit, first, second, names, show, after, cursor, onCursor }: LaneProps) {
  const format = useFormat()
  const scale = { from, to, top, ...size }
  const one = curve(first, scale)
  const two = second ? curve(second, scale) : null
  const at = (samples: readonly Sample[]) => (cursor === null ? samples.at(-1) : nearest(samples, cursor))?.value ?? null
  const said = (samples: readonly Sample[] | undefined) => {
    const value = samples ? at(samples) : null
    return value === null ? '–' : show(value)
  }
  const now = second && names ? `${said(first)} ${names[0]}, ${said(second)} ${names[1]}` : said(first)
  const x = cursor === null ? null : (cursor - from) / (to - from)

  function point(event: PointerEvent<HTMLDivElement>): void {
    const box = event.currentTarget.getBoundingClientRect()
    onCursor(from + ((event.clientX - box.left) / box.width) * (to - from))
  }
  function keys(event: KeyboardEvent): void {
    const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0
    if (step === 0) return
    event.preventDefault()
    onCursor(Math.min(to, Math.max(from, (cursor ?? to) + (step * (to - from)) / 60)))
  }
  return (
    <figure className="lane" aria-label={title}>
      <figcaption>
        <span className="strong">{title}</span>
        <span className="now">
          {now}
          {after === undefined ? null : <span className="dim"> {after}</span>}
        </span>
        {names ? (
          <span className="legend">
            <i className="s1" />
            {names[0]}
            <i className="s2" />
            {names[1]}
          </span>
        ) : null}
      </figcaption>
      <div
        className="plot chart"
        style={{ height: size.height }}
        tabIndex={0}
        role="slider"
        aria-label={title}
        aria-valuemin={from}
        aria-valuemax={to}
        aria-valuenow={cursor ?? to}
        aria-valuetext={`${format.clock(new Date(cursor ?? to))}: ${now}`}
        onPointerMove={point}
        onPointerLeave={() => onCursor(null)}
        onKeyDown={keys}
        onBlur={() => onCursor(null)}
      >
        <svg viewBox={`0 0 ${size.width} ${size.height}`} preserveAspectRatio="none" aria-hidden="true">
          <path className="grid" d={`M0 ${size.height}H${size.width}`} />
          <path className="grid" d={`M0 ${size.height / 2}H${size.width}`} />
          <path className="grid" d={`M0 0H${size.width}`} />
          <path className="a1" d={one.area} />
          <path className="l1" d={one.line} />
          {two ? <path className="l2" d={two.line} /> : null}
          {limit !== undefined && limit !== null && limit <= top ? (
            <path className="limit" d={`M0 ${size.height - (limit / top) * size.height}H${size.width}`} />
          ) : null}
        </svg>
        {x === null || x < 0 || x > 1 ? null : <span className="cursor-line" style={{ left: `${x * 100}%` }} aria-hidden="true" />}
      </div>
      <div className="scale" aria-hidden="true">
        <span style={{ bottom: '0%' }}>0</span>
        <span style={{ bottom: '50%' }}>{show(top / 2)}</span>
        <span style={{ bottom: '100%' }}>{limit === top ? words.limit(show(top)) : show(top)}</span>
      </div>
    </figure>
  )
}
