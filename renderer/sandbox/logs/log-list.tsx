import { useEffectEvent, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react'
import { Empty } from '../../parts/blocks/empty.tsx'
import { Button } from '../../parts/buttons/button.tsx'
import { useFormat } from '../../words/formats.ts'
import { logWords } from '../../words/logs.ts'
import { lineHeight, linesInSight } from './in-sight.logic.ts'
import { LogLine } from './log-line.tsx'
import type { LogListProps } from './log-list-props.ts'
import { WrappedLines, type WrappedHandle } from './wrapped-lines.tsx'

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
        className="log scroll" ref={box} tabIndex={0} role="group" aria-label={logWords.label}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          const atEnd = scrollHeight - clientHeight - scrollTop < lineHeight / 2
          if (atEnd) onFollow(true)
          else if (scrollTop < top.current - 1) onFollow(false)
          top.current = scrollTop
          firstSeen.current = wrap ? wrapped.current?.first() ?? 0 : Math.floor(scrollTop / lineHeight)
          if (!wrap) setSight({ top: scrollTop, height: clientHeight })
        }}
      >
        {size === 0 ? <Empty title={logWords.nothing[why]}>{logWords.nothingMore[why]}</Empty>
          : wrap ? <WrappedLines {...props} box={box} handle={wrapped} /> : <Lines {...props} sight={sight} />}
      </div>
      {newer > 0 ? (
        <div className="newer"><Button icon="follow" onClick={() => onFollow(true)}>{format.count(newer, 'new line')}</Button></div>
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
      <li key={gone + index} className={item.kind === 'dropped' ? 'dropped' : hit ? 'hit' : undefined} style={{ transform: `translateY(${index * lineHeight}px)` }}>
        <LogLine item={item} times={times} wanted={wanted} current={hit ? current.at : null} />
      </li>,
    )
  }
  return <ol style={{ height: size * lineHeight }}>{rows}</ol>
}

function toEnd(scrolls: HTMLElement | null): void {
  if (scrolls) scrolls.scrollTop = scrolls.scrollHeight
}
