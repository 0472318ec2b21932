import type { Bounds } from '../system/window.ts'

const size = { width: 1280, height: 800 }
/** So much of the title bar must be on a display that it can be taken hold of. */
const grip = { width: 120, height: 32 }

/** Where the window opens: where it was, unless that is on no display any more; then in the middle of the first. */
export function openingBounds(kept: Bounds | null, areas: readonly Bounds[]): { width: number; height: number; x?: number; y?: number } {
  const area = kept ? areas.find((one) => holds(one, kept)) : undefined
  if (kept && area) {
    return { x: kept.x, y: kept.y, width: Math.max(720, Math.min(kept.width, area.width)), height: Math.max(480, Math.min(kept.height, area.height)) }
  }
  const first = areas[0]
  if (!first) return size
  return { width: Math.min(size.width, first.width), height: Math.min(size.height, first.height) }
}

function holds(area: Bounds, window: Bounds): boolean {
  const wide = Math.min(window.x + window.width, area.x + area.width) - Math.max(window.x, area.x)
  return wide >= grip.width && window.y >= area.y - 1 && window.y + grip.height <= area.y + area.height
}
