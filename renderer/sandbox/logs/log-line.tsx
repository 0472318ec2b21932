import { memo, type CSSProperties, type ReactNode } from 'react'
import { Icon } from '../../parts/signs/icon.tsx'
import { useFormat } from '../../words/formats.ts'
import { logWords } from '../../words/logs.ts'
import { runsOf, type Look } from './ansi.logic.ts'
import { placesIn } from './find.logic.ts'
import type { LogItem } from './log-buffer.ts'

export interface LogLineProps {
  readonly item: LogItem
  readonly times: boolean
  readonly wanted: string
  /** Character of the hit at hand, if it is in this line. */
  readonly current: number | null
}

/** A line of a log, as text only: nothing in it becomes markup. */
export const LogLine = memo(function LogLine({ item, times, wanted, current }: LogLineProps) {
  const format = useFormat()
  if (item.kind === 'dropped') {
    return (
      <>
        <Icon name="warn" />
        <span>{item.count === null ? <><b>{logWords.gap}</b> {logWords.gapWhy}</> : <><b>{logWords.dropped(format.count(item.count, 'line is', 'lines are'))}</b> {logWords.droppedWhy}</>}</span>
      </>
    )
  }
  const at = item.at === null ? null : new Date(item.at)
  return (
    <>
      {times && at !== null ? <time dateTime={item.at ?? undefined} title={format.full(at)}>{format.clock(at)}<span className="dim">{format.millis(at)}</span></time> : null}
      <span className="tx">{drawn(item.raw, wanted, current)}{item.cut === 0 ? null : <span className="dim"> {logWords.cut(format.count(item.cut, 'character'))}</span>}</span>
    </>
  )
})

/** Coloured runs, cut where a hit begins or ends. */
function drawn(raw: string, wanted: string, current: number | null): ReactNode[] {
  const runs = runsOf(raw)
  const places = wanted === '' ? [] : placesIn(runs.map(({ text }) => text).join(''), wanted)
  const nodes: ReactNode[] = []
  let from = 0
  for (const { text, look } of runs) {
    const to = from + text.length
    let at = from
    for (const place of places) {
      const begin = Math.max(place, from)
      const end = Math.min(place + wanted.length, to)
      if (begin >= end) continue
      if (begin > at) nodes.push(<span key={nodes.length} style={styleOf(look)}>{text.slice(at - from, begin - from)}</span>)
      nodes.push(<mark key={nodes.length} className={place === current ? 'on' : undefined}>{text.slice(begin - from, end - from)}</mark>)
      at = end
    }
    if (at < to) nodes.push(Object.keys(look).length === 0 ? text.slice(at - from) : <span key={nodes.length} style={styleOf(look)}>{text.slice(at - from)}</span>)
    from = to
  }
  return nodes
}

function styleOf({ color, back, bold, dim, italic, underline, strike, inverse }: Look): CSSProperties {
  const ink = inverse ? back ?? 'var(--surface-sunken)' : color
  const ground = inverse ? color ?? 'var(--ink)' : back
  const lines = [underline ? 'underline' : '', strike ? 'line-through' : ''].filter((one) => one !== '').join(' ')
  return {
    ...(ink === undefined ? {} : { color: ink }), ...(ground === undefined ? {} : { background: ground }), ...(bold ? { fontWeight: 'var(--weight-strong)' } : {}),
    ...(dim && ink === undefined ? { color: 'var(--ink-3)' } : {}), ...(italic ? { fontStyle: 'italic' } : {}), ...(lines === '' ? {} : { textDecoration: lines }),
  }
}
