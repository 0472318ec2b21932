import { useVirtualizer } from '@tanstack/react-virtual'
import { useImperativeHandle, useLayoutEffect, type Ref, type RefObject } from 'react'
import { lineHeight } from './in-sight.logic.ts'
import { LogLine } from './log-line.tsx'
import type { LogListProps } from './log-list-props.ts'

export interface WrappedHandle {
  show(index: number, align: 'start' | 'center'): void
  /** The first line in sight. */
  first(): number
}

/** Lines that are as high as they need: measured when they come into sight. */
export function WrappedLines({ log, size, gone, times, wanted, current, follow, box, handle }: LogListProps & { box: RefObject<HTMLDivElement | null>; handle: Ref<WrappedHandle> }) {
  const virtual = useVirtualizer({ count: size, getScrollElement: () => box.current, estimateSize: () => lineHeight, overscan: 12, getItemKey: (index) => gone + index })
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
          <li key={key} data-index={index} ref={virtual.measureElement} className={item.kind === 'dropped' ? 'dropped' : hit ? 'hit' : undefined} style={{ transform: `translateY(${start}px)` }}>
            <LogLine item={item} times={times} wanted={wanted} current={hit ? current.at : null} />
          </li>
        )
      })}
    </ol>
  )
}
