import type { KeyboardEvent, PointerEvent } from 'react'
import { useFormat } from '../../words/formats.ts'
import { tabWords } from '../../words/tabs.ts'
import { curve, nearest, type Sample } from './chart.logic.ts'

const words = tabWords.stats
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
        <span className="strong">{title}</span><span className="now">{now}{after === undefined ? null : <span className="dim"> {after}</span>}</span>
        {names ? <span className="legend"><i className="s1" />{names[0]}<i className="s2" />{names[1]}</span> : null}
      </figcaption>
      <div
        className="plot chart" style={{ height: size.height }} tabIndex={0} role="slider" aria-label={title} aria-valuemin={from} aria-valuemax={to} aria-valuenow={cursor ?? to}
        aria-valuetext={`${format.clock(new Date(cursor ?? to))}: ${now}`}
        onPointerMove={point} onPointerLeave={() => onCursor(null)} onKeyDown={keys} onBlur={() => onCursor(null)}
      >
        <svg viewBox={`0 0 ${size.width} ${size.height}`} preserveAspectRatio="none" aria-hidden="true">
          <path className="grid" d={`M0 ${size.height}H${size.width}`} /><path className="grid" d={`M0 ${size.height / 2}H${size.width}`} /><path className="grid" d={`M0 0H${size.width}`} />
          <path className="a1" d={one.area} /><path className="l1" d={one.line} />
          {two ? <path className="l2" d={two.line} /> : null}
          {limit !== undefined && limit !== null && limit <= top ? <path className="limit" d={`M0 ${size.height - (limit / top) * size.height}H${size.width}`} /> : null}
        </svg>
        {x === null || x < 0 || x > 1 ? null : <span className="cursor-line" style={{ left: `${x * 100}%` }} aria-hidden="true" />}
      </div>
      <div className="scale" aria-hidden="true"><span style={{ bottom: '0%' }}>0</span><span style={{ bottom: '50%' }}>{show(top / 2)}</span><span style={{ bottom: '100%' }}>{limit === top ? words.limit(show(top)) : show(top)}</span></div>
    </figure>
  )
}
