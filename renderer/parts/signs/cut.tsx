import { useLayoutEffect, useRef, useState } from 'react'

/**
 * A text that may have to be cut: a UUID loses its middle always, anything else only where it does not fit. It stays one text, so that it
 * is read, found and selected as what it is; where it does not fit, its end is drawn once more after the ellipsis.
 */
export function Cut({ text, tail = 5, className }: { text: string; /** Characters that stay at the end. */ tail?: number | undefined; className?: string | undefined }) {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
  const shown = uuid ? `${text.slice(0, 8)}…${text.slice(-5)}` : text
  const box = useRef<HTMLSpanElement>(null)
  const [over, setOver] = useState(false)
  useLayoutEffect(() => {
    const outer = box.current
    const inner = outer?.firstElementChild
    if (!outer || !inner) return
    const observer = new ResizeObserver(() => setOver(inner.scrollWidth > outer.clientWidth))
    observer.observe(outer)
    return () => observer.disconnect()
  }, [shown])
  return (
    <span ref={box} className={className === undefined ? 'mid-cut' : `mid-cut ${className}`} title={text} data-tail={over ? shown.slice(Math.max(0, shown.length - tail)) : undefined}>
      <span>{shown}</span>
    </span>
  )
}
