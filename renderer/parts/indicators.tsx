import { type ReactNode, useLayoutEffect, useRef, useState } from 'react'
import { spark } from './curves.ts'
import { keyCaps } from './key-caps.ts'

export type StatusName = 'creating' | 'active' | 'warm' | 'paused' | 'slot' | 'stopping' | 'failed' | 'unknown' | 'gone'

const words: Readonly<Record<StatusName, string>> = {
  creating: 'Creating',
  active: 'Active',
  warm: 'Warm',
  paused: 'Paused',
  slot: 'Slot',
  stopping: 'Stopping',
  failed: 'Failed',
  unknown: 'Unknown',
  gone: 'Gone',
}

/** Shape, word, then colour: told apart without any of the three. `word` replaces the status's own. */
export function Status({ status, word }: { status: StatusName; word?: string | undefined }) {
  return (
    <span className={`status ${status}`}>
      <Mark name={status} />
      {word ?? words[status]}
    </span>
  )
}

/** A word about a thing: "default", "full". */
export function Chip({ kind, children }: { kind?: 'warn' | 'bad' | 'good' | undefined; children: ReactNode }) {
  return <span className={kind === undefined ? 'chip' : `chip ${kind}`}>{children}</span>
}

/**
 * A text that may have to be cut: a UUID loses its middle always, anything else only where it does not fit. It stays one text, so that it
 * is read, found and selected as what it is; where it does not fit, its end is drawn once more after the ellipsis.
 */
export function Cut({
  text,
  tail = 5,
  className,
}: {
  text: string
  /** Characters that stay at the end. */ tail?: number | undefined
  className?: string | undefined
}) {
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
    <span
      ref={box}
      className={className === undefined ? 'mid-cut' : `mid-cut ${className}`}
      title={text}
      data-tail={over ? shown.slice(Math.max(0, shown.length - tail)) : undefined}
    >
      <span>{shown}</span>
    </span>
  )
}

export interface GaugeProps {
  readonly values: readonly (number | null)[]
  readonly limit?: number | null | undefined
  /** The number beside the picture, in words. */
  readonly text: string
  /** Near its limit: said by weight and a sign, not by colour alone. */
  readonly high?: boolean | undefined
  readonly className?: string | undefined
}

/** How much, with how it went. */
export function Gauge({ values, limit, text, high = false, className }: GaugeProps) {
  return (
    <span className="gauge">
      <Spark values={values} limit={limit} high={high} />
      <span className={className}>
        {high ? (
          <span className="near strong warn-ink">
            <Icon name="warn" />
            <span className="sr">near its limit: </span>
            {text}
          </span>
        ) : (
          text
        )}
      </span>
    </span>
  )
}

export type IconName =
  | 'activity'
  | 'anchor'
  | 'book'
  | 'bridge'
  | 'castoff'
  | 'chart'
  | 'check'
  | 'clock'
  | 'close'
  | 'columns'
  | 'copy'
  | 'cpu'
  | 'down'
  | 'download'
  | 'file'
  | 'filter'
  | 'folder'
  | 'follow'
  | 'images'
  | 'info'
  | 'key'
  | 'layers'
  | 'left'
  | 'link'
  | 'lock'
  | 'logs'
  | 'more'
  | 'mount'
  | 'pause'
  | 'play'
  | 'plus'
  | 'power'
  | 'retry'
  | 'reveal'
  | 'right'
  | 'sandboxes'
  | 'search'
  | 'settings'
  | 'stop'
  | 'sun'
  | 'terminal'
  | 'trash'
  | 'up'
  | 'updown'
  | 'upload'
  | 'user'
  | 'warn'
  | 'wrap'

/** A picture of the sprite in index.html. Never alone in the main path: a word stands beside it, or it is in a named button. */
export function Icon({ name, className }: { name: IconName; className?: string | undefined }) {
  return (
    <svg className={className === undefined ? 'icon' : `icon ${className}`} aria-hidden="true">
      <use href={`#i-${name}`} />
    </svg>
  )
}

/** Keys as caps: `Mod+K` is Ctrl K, on a Mac ⌘ K; `g s` is one key after the other. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <>
      {keyCaps(keys, document.documentElement.dataset.platform === 'mac' || /Mac/.test(navigator.platform)).map((cap, at) => (
        <kbd key={at}>{cap}</kbd>
      ))}
    </>
  )
}

export type MarkName = 'active' | 'warm' | 'slot' | 'paused' | 'creating' | 'stopping' | 'failed' | 'unknown' | 'gone' | 'berth'

/** The shape of a status. `creating` turns: it doubles as the sign of work. */
export function Mark({ name }: { name: MarkName }) {
  return (
    <svg className="mark" aria-hidden="true">
      <use href={`#m-${name}`} />
    </svg>
  )
}

/** How far. `total` null: it is not known how much there is, and no bar pretends to know. */
export function Progress({ done, total, label }: { done: number | null; total: number | null; label: string }) {
  const known = done !== null && total !== null && total > 0
  const share = known ? Math.min(1, done / total) : 0
  return (
    <span
      className={`progress${known ? (share >= 1 ? ' done' : '') : ' wait'}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known ? Math.round(share * 100) : undefined}
    >
      <i style={{ width: `${share * 100}%` }} />
    </span>
  )
}

export interface SparkProps {
  /** Oldest first; null where nothing was measured. */
  readonly values: readonly (number | null)[]
  /** What the top edge stands for; without it the largest value. */
  readonly limit?: number | null | undefined
  /** Near its limit. */
  readonly high?: boolean | undefined
  readonly width?: number | undefined
  readonly height?: number | undefined
}

/** A small picture beside a number that says the same. */
export function Spark({ values, limit, high = false, width = 48, height = 16 }: SparkProps) {
  const largest = values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
  const { line, area } = spark(values, { width, height, top: Math.max(limit ?? largest, 1e-9) })
  return (
    <svg className={high ? 'spark high' : 'spark'} viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
      <path className="area" d={area} />
      <path className="line" d={line} />
    </svg>
  )
}
