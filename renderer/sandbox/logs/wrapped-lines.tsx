import { useVirtualizer } from '@tanstack/react-virtual'
import { useImperativeHandle, useLayoutEffect, type Ref, type RefObject } from 'react'
import { lineHeight } from './in-sight.logic.ts'
import { LogLine } from './log-line.tsx'
import type { LogListProps } from './log-list-props.ts'

/** Lines that are as high as they need: measured when they come into sight. */
export function WrappedLines({ log, size, gone, times, wanted, current, follow, box, to }: LogListProps & { box: RefObject<HTMLDivElement | null>; to: Ref<(index: number) => void> }) {
  const virtual = useVirtualizer({ count: size, getScrollElement: () => box.current, estimateSize: () => lineHeight, overscan: 12, getItemKey: (index) => gone + index })
  useImperativeHandle(to, () => (index: number) => virtual.scrollToIndex(index, { align: 'center' }))
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
