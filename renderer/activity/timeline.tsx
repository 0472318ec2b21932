import type { CSSProperties } from 'react'
import { useFormat } from '../words/formats.ts'
import { activityWords as words } from '../words/activity.ts'
import { Sign } from './sign.tsx'
import { counts, stair, type Happening, type Lane } from './story.logic.ts'

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
  const active = stair(steps.map(({ at, active: value }) => ({ at, value })), scale)
  const warm = stair(steps.map(({ at, active: one, warm: two }) => ({ at, value: one + two })), scale)
  const share = (at: number) => `${Math.max(0, Math.min(100, ((at - from) / (to - from)) * 100))}%`
  const shown = lanes.slice(0, mostLanes)
  return (
    <section className="timeline" aria-labelledby="pic">
      <h2 id="pic" className="sr">{words.picture(range)}</h2>
      <div className="poolchart">
        <div className="name"><span className="strong">{words.pool}</span><br /><span className="dim small">{words.counted(last?.active ?? 0, last?.warm ?? 0, slots)}</span></div>
        <div className="plot">
          <svg viewBox="0 0 600 72" preserveAspectRatio="none" role="img" aria-label={words.poolLabel(range)}>
            <path className="f-warm" d={warm.area} /><path className="f-active" d={active.area} /><path className="l-warm" d={warm.line} /><path className="l-active" d={active.line} />
            <path className="cap" d={`M0 ${72 - (replicas / top) * 72}H600`} />
          </svg>
        </div>
        <div className="scale" aria-hidden="true"><span style={{ bottom: 0 }}>0</span><span style={{ bottom: `${(replicas / top) * 100}%` }}>{words.replicas(replicas)}</span></div>
      </div>
      <ol className="lanelist" aria-label={words.lanes(range)}>
        {shown.map((lane) => (
          <li key={lane.sandbox} className={chosen?.sandbox === lane.sandbox ? 'on' : undefined}>
            <span className={lane.live ? 'name' : 'name dim'} title={lane.name}>{lane.name}</span>
            <span className="track" role="img" aria-label={[...lane.bars.map((bar) => words.to(words[bar.state], clock(bar.from), clock(bar.to))), ...lane.points.map(({ sign, at }) => words.at(words.signs[sign], clock(at)))].join(', ')}>
              {lane.bars.map((bar) => <i key={`${bar.from}${bar.state}`} className={bar.state} style={{ left: share(bar.from), width: `calc(${share(bar.to)} - ${share(bar.from)})` }} />)}
              {lane.points.map(({ sign, at, seq }) => <span key={seq} className="at" style={{ left: share(at) }}><Sign sign={sign} /></span>)}
            </span>
          </li>
        ))}
      </ol>
      {lanes.length > mostLanes ? <p className="dim small">{words.more(String(lanes.length - mostLanes))}</p> : null}
      {chosen && chosen.at >= from ? <div className="guide" style={{ '--x': String((chosen.at - from) / (to - from)) } as CSSProperties} aria-hidden="true"><span>{format.clock(new Date(chosen.at))}</span></div> : null}
      <div className="axisrow"><span /><div className="ticks" aria-hidden="true">{Array.from({ length: 7 }, (_, at) => <span key={at}>{clock(from + ((to - from) * at) / 6)}</span>)}</div><span /></div>
    </section>
  )
}
