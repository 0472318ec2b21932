import {
  type CSSProperties,
  memo,
  type ReactNode,
  type Ref,
  type RefObject,
  useEffectEvent,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { Empty } from '../../parts/blocks.tsx'
import { Button } from '../../parts/buttons.tsx'
import { useFormat } from '../../words/format.ts'
import { logWords } from './logs.words.ts'
import { type Hit, lineHeight, linesInSight, placesIn } from './find.logic.ts'
import { Icon } from '../../parts/indicators.tsx'
import { type Look, runsOf } from './ansi.logic.ts'
import type { LogBuffer, LogItem } from './log-buffer.ts'

export interface LogLineProps {
  readonly item: LogItem
  readonly times: boolean
  readonly wanted: string
  /** Character of the hit at hand, if it is in this line. */
  readonly current: number | null
}

/** A line of a log, as text only: nothing in it becomes markup. */
const LogLine = memo(function LogLine({ item, times, wanted, current }: LogLineProps) {
  const format = useFormat()
  if (item.kind === 'dropped') {
    return (
      <>
        <Icon name="warn" />
        <span>
          {item.count === null ? (
            <>
              <b>{logWords.gap}</b> {logWords.gapWhy}
            </>
          ) : (
            <>
              <b>{logWords.dropped(format.count(item.count, 'line is', 'lines are'))}</b> {logWords.droppedWhy}
            </>
          )}
        </span>
      </>
    )
  }
  const at = item.at === null ? null : new Date(item.at)
  return (
    <>
      {times && at !== null ? (
        <time dateTime={item.at ?? undefined} title={format.full(at)}>
          {format.clock(at)}
          <span className="dim">{format.millis(at)}</span>
        </time>
      ) : null}
      <span className="tx">
        {drawn(item.raw, wanted, current)}
        {item.cut === 0 ? null : <span className="dim"> {logWords.cut(format.count(item.cut, 'character'))}</span>}
      </span>
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
      if (begin > at)
        nodes.push(
          <span key={nodes.length} style={styleOf(look)}>
            {text.slice(at - from, begin - from)}
          </span>,
        )
      nodes.push(
        <mark key={nodes.length} className={place === current ? 'on' : undefined}>
          {text.slice(begin - from, end - from)}
        </mark>,
      )
      at = end
    }
    if (at < to)
      nodes.push(
        Object.keys(look).length === 0 ? (
          text.slice(at - from)
        ) : (
          <span key={nodes.length} style={styleOf(look)}>
            {text.slice(at - from)}
          </span>
        ),
      )
    from = to
  }
  return nodes
}

function styleOf({ color, back, bold, dim, italic, underline, strike, inverse }: Look): CSSProperties {
  const ink = inverse ? (back ?? 'var(--surface-sunken)') : color
  const ground = inverse ? (color ?? 'var(--ink)') : back
  const lines = [underline ? 'underline' : '', strike ? 'line-through' : ''].filter((one) => one !== '').join(' ')
  return {
    ...(ink === undefined ? {} : { color: ink }),
    ...(ground === undefined ? {} : { background: ground }),
    ...(bold ? { fontWeight: 'var(--weight-strong)' } : {}),
    ...(dim && ink === undefined ? { color: 'var(--ink-3)' } : {}),
    ...(italic ? { fontStyle: 'italic' } : {}),
    ...(lines === '' ? {} : { textDecoration: lines }),
  }
}

/** The lines, of which only those in sight are in the page. */
export function LogList(props: LogListProps) {
  const { size, gone, wrap, follow, newer, cleared, ready, onFollow, ref } = props
  const why = cleared ? 'cleared' : ready ? 'quiet' : 'unread'
  const format = useFormat()
  const box = useRef<HTMLDivElement>(null)
  const top = useRef(0)
  const goneBefore = useRef(gone)
  const followed = useRef(follow)
  const wrapped = useRef<WrappedHandle>(null)
  const firstSeen = useRef(0)
  const [sight, setSight] = useState({ top: 0, height: 0 })

  useImperativeHandle(ref, () => ({
    show(index) {
      if (wrap) wrapped.current?.show(index, 'center')
      else if (box.current) box.current.scrollTop = Math.max(0, index * lineHeight - box.current.clientHeight / 2)
    },
    toEnd: () => toEnd(box.current),
    selection() {
      const selection = getSelection()
      return selection && !selection.isCollapsed && box.current?.contains(selection.anchorNode) ? selection.toString() : ''
    },
  }))
  useLayoutEffect(() => {
    const scrolls = box.current
    if (!scrolls) return
    const resized = new ResizeObserver(() => {
      if (followed.current) toEnd(scrolls)
      setSight({ top: scrolls.scrollTop, height: scrolls.clientHeight })
    })
    resized.observe(scrolls)
    return () => resized.disconnect()
  }, [])
  useLayoutEffect(() => {
    followed.current = follow
    const scrolls = box.current
    if (!scrolls) return
    if (follow) toEnd(scrolls)
    // What makes room above must not move what is being read.
    else if (gone > goneBefore.current) scrolls.scrollTop = Math.max(0, scrolls.scrollTop - (gone - goneBefore.current) * lineHeight)
    goneBefore.current = gone
    top.current = scrolls.scrollTop
  })

  // Lines become higher or lower: the first one in sight stays the first.
  const keep = useEffectEvent(() => {
    const scrolls = box.current
    if (follow || !scrolls) return
    if (wrap) wrapped.current?.show(firstSeen.current, 'start')
    else scrolls.scrollTop = firstSeen.current * lineHeight
  })
  useLayoutEffect(() => keep(), [wrap])

  return (
    <div className="logwrap">
      <div
        className="log scroll"
        ref={box}
        tabIndex={0}
        role="group"
        aria-label={logWords.label}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          const atEnd = scrollHeight - clientHeight - scrollTop < lineHeight / 2
          if (atEnd) onFollow(true)
          else if (scrollTop < top.current - 1) onFollow(false)
          top.current = scrollTop
          firstSeen.current = wrap ? (wrapped.current?.first() ?? 0) : Math.floor(scrollTop / lineHeight)
          if (!wrap) setSight({ top: scrollTop, height: clientHeight })
        }}
      >
        {size === 0 ? (
          <Empty title={logWords.nothing[why]}>{logWords.nothingMore[why]}</Empty>
        ) : wrap ? (
          <WrappedLines {...props} box={box} handle={wrapped} />
        ) : (
          <Lines {...props} sight={sight} />
        )}
      </div>
      {newer > 0 ? (
        <div className="newer">
          <Button icon="follow" onClick={() => onFollow(true)}>
            {format.count(newer, 'new line')}
          </Button>
        </div>
      ) : null}
    </div>
  )
}

/** Lines of one height: where each stands is known without measuring, however many there are. */
function Lines({ log, size, gone, times, wanted, current, follow, sight }: LogListProps & { sight: { top: number; height: number } }) {
  const { first, last } = linesInSight(size, sight, follow)
  const rows = []
  for (let index = first; index < last; index += 1) {
    const item = log.item(index)
    if (!item) continue
    const hit = current !== null && current.item === gone + index
    rows.push(
      <li
        key={gone + index}
        className={item.kind === 'dropped' ? 'dropped' : hit ? 'hit' : undefined}
        style={{ transform: `translateY(${index * lineHeight}px)` }}
      >
        <LogLine item={item} times={times} wanted={wanted} current={hit ? current.at : null} />
      </li>,
    )
  }
  return <ol style={{ height: size * lineHeight }}>{rows}</ol>
}

function toEnd(scrolls: HTMLElement | null): void {
  if (scrolls) scrolls.scrollTop = scrolls.scrollHeight
}

interface WrappedHandle {
  show(index: number, align: 'start' | 'center'): void
  /** The first line in sight. */
  first(): number
}

/** Lines that are as high as they need: measured when they come into sight. */
function WrappedLines({
  log,
  size,
  gone,
  times,
  wanted,
  current,
  follow,
  box,
  handle,
}: LogListProps & { box: RefObject<HTMLDivElement | null>; handle: Ref<WrappedHandle> }) {
  const virtual = useVirtualizer({
    count: size,
    getScrollElement: () => box.current,
    estimateSize: () => lineHeight,
    overscan: 12,
    getItemKey: (index) => gone + index,
  })
  useImperativeHandle(handle, () => ({
    show: (index, align) => virtual.scrollToIndex(index, { align }),
    first: () => virtual.getVirtualItems().find(({ end }) => end > (box.current?.scrollTop ?? 0))?.index ?? 0,
  }))
  // Without the times there is more room for each.
  useLayoutEffect(() => virtual.measure(), [virtual, times])
  useLayoutEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight
  })
  return (
    <ol className="wrapped" style={{ height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map(({ index, key, start }) => {
        const item = log.item(index)
        if (!item) return null
        const hit = current !== null && current.item === gone + index
        return (
          <li
            key={key}
            data-index={index}
            ref={virtual.measureElement}
            className={item.kind === 'dropped' ? 'dropped' : hit ? 'hit' : undefined}
            style={{ transform: `translateY(${start}px)` }}
          >
            <LogLine item={item} times={times} wanted={wanted} current={hit ? current.at : null} />
          </li>
        )
      })}
    </ol>
  )
}

export interface LogListHandle {
  show(index: number): void
  toEnd(): void
  /** Text chosen in the list. */
  selection(): string
}

interface LogListProps {
  readonly log: LogBuffer
  readonly size: number
  readonly gone: number
  readonly times: boolean
  readonly wrap: boolean
  readonly wanted: string
  readonly current: Hit | null
  readonly follow: boolean
  /** Lines that came since it stopped following. */
  readonly newer: number
  /** There were lines once. */
  readonly cleared: boolean
  /** There is a container that writes. */
  readonly ready: boolean
  readonly onFollow: (follow: boolean) => void
  readonly ref?: Ref<LogListHandle> | undefined
}
