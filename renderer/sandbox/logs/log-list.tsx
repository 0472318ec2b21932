import { useVirtualizer } from '@tanstack/react-virtual'
import { useImperativeHandle, useLayoutEffect, useRef, type Ref } from 'react'
import { Empty } from '../../parts/blocks/empty.tsx'
import { Button } from '../../parts/buttons/button.tsx'
import { useFormat } from '../../words/formats.ts'
import { logWords } from '../../words/logs.ts'
import type { Hit } from './find.logic.ts'
import type { LogBuffer } from './log-buffer.ts'
import { LogLine } from './log-line.tsx'

export interface LogListHandle {
  show(index: number): void
  toEnd(): void
  /** Text chosen in the list. */
  selection(): string
}

export interface LogListProps {
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
  readonly onFollow: (follow: boolean) => void
  readonly ref?: Ref<LogListHandle> | undefined
}

const lineHeight = 20

/** The lines, of which only those in sight are in the page. */
export function LogList({ log, size, gone, times, wrap, wanted, current, follow, newer, cleared, onFollow, ref }: LogListProps) {
  const format = useFormat()
  const box = useRef<HTMLDivElement>(null)
  const top = useRef(0)
  const goneBefore = useRef(gone)
  const virtual = useVirtualizer({
    count: size, getScrollElement: () => box.current, estimateSize: () => lineHeight, overscan: 12, getItemKey: (index) => gone + index, paddingStart: 6, paddingEnd: 6,
  })

  useImperativeHandle(ref, () => ({
    show: (index) => virtual.scrollToIndex(index, { align: 'center' }),
    toEnd: () => toEnd(box.current),
    selection() {
      const selection = getSelection()
      return selection && !selection.isCollapsed && box.current?.contains(selection.anchorNode) ? selection.toString() : ''
    },
  }))
  // Another width, another height of every line.
  useLayoutEffect(() => virtual.measure(), [virtual, wrap, times])
  useLayoutEffect(() => {
    const scrolls = box.current
    if (!scrolls) return
    if (follow) toEnd(scrolls)
    // What makes room above must not move what is being read.
    else if (gone > goneBefore.current) scrolls.scrollTop = Math.max(0, scrolls.scrollTop - (gone - goneBefore.current) * lineHeight)
    goneBefore.current = gone
    top.current = scrolls.scrollTop
  })

  return (
    <div className="logwrap">
      <div
        className="log scroll" ref={box} tabIndex={0} role="group" aria-label={logWords.label}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          const atEnd = scrollHeight - clientHeight - scrollTop < lineHeight / 2
          if (atEnd) onFollow(true)
          else if (scrollTop < top.current - 1) onFollow(false)
          top.current = scrollTop
        }}
      >
        {size === 0 ? <Empty title={cleared ? logWords.cleared : logWords.empty}>{cleared ? logWords.clearedMore : logWords.emptyMore}</Empty> : (
          <ol className={wrap ? 'wrapped' : undefined} style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map(({ index, key, start }) => {
              const item = log.item(index)
              if (!item) return null
              const hit = current !== null && current.item === gone + index
              return (
                <li
                  key={key} data-index={index} ref={wrap || item.kind === 'dropped' ? virtual.measureElement : undefined}
                  className={item.kind === 'dropped' ? 'dropped' : hit ? 'hit' : undefined} style={{ transform: `translateY(${start}px)` }}
                >
                  <LogLine item={item} times={times} wanted={wanted} current={hit ? current.at : null} />
                </li>
              )
            })}
          </ol>
        )}
      </div>
      {newer > 0 ? (
        <div className="newer"><Button icon="follow" onClick={() => onFollow(true)}>{format.count(newer, 'new line')}</Button></div>
      ) : null}
    </div>
  )
}

function toEnd(scrolls: HTMLElement | null): void {
  if (scrolls) scrolls.scrollTop = scrolls.scrollHeight
}
