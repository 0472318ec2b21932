import { boats, mostBerths, tally, type Boat } from './pier.logic.ts'
import type { SandboxRow } from '../../shared/state.ts'

export interface PierProps {
  readonly sandboxes: readonly Pick<SandboxRow, 'status'>[]
  readonly replicas: number
  readonly slots: number
  /** For a page that is a state: twice as large. */
  readonly large?: boolean | undefined
}

/** Capacity as a picture: a berth for each replica, boats in them, slots apart. */
export function Pier({ sandboxes, replicas, slots, large = false }: PierProps) {
  const all = boats(sandboxes, replicas)
  const { active, creating, warm, paused } = tally(all)
  const label = `${active + creating + warm + paused} of ${replicas} replicas: ${active} active, ${creating} creating, ${warm} warm, ${paused} paused; ${slots} slots`
  if (all.length > mostBerths) return <Bar counts={tally(all)} label={label} />
  const quay = Math.max(all.length * 14 - 1, 12)
  const width = slots > 0 ? quay + 12 + slots * 14 : quay + 1
  return (
    <svg className="pier" viewBox={`0 0 ${width} 21`} width={large ? width * 2 : width} height={large ? 42 : 21} role="img" aria-label={label}>
      <path className="quay" d={`M1 2H${quay}`} />
      {all.map((boat, at) => <BoatShape key={at} boat={boat} x={at * 14 + 7} />)}
      {slots > 0 ? <path className="quay" d={`M${quay + 12} 2H${width - 1}`} /> : null}
      {Array.from({ length: slots }, (_, at) => <path key={at} className="slot" d={hull(quay + 12 + at * 14 + 7, 3.6)} />)}
    </svg>
  )
}

function BoatShape({ boat, x }: { boat: Boat; x: number }) {
  if (boat === 'free') return <path className="bollard" d={`M${x} 5v3`} />
  if (boat === 'active') return <path className="active" d={hull(x, 4)} />
  return (
    <>
      <path className={boat} d={hull(x, 3.6)} />
      {boat === 'creating' ? <path className="part" d={`M${x - 3.6} 6.8h7.2v4.4h-7.2z`} /> : null}
      {boat === 'paused' ? <path className="paused" d={`M${x} 8.6v4.6`} /> : null}
    </>
  )
}

function hull(x: number, half: number): string {
  return `M${x - half} 5.5C${x - half - 1.2} 8.9 ${x - half - 0.1} 14.5 ${x} 19.1C${x + half + 0.1} 14.5 ${x + half + 1.2} 8.9 ${x + half} 5.5Z`
}

function Bar({ counts, label }: { counts: Record<Boat, number>; label: string }) {
  const parts = (['active', 'creating', 'warm', 'paused', 'free'] as const).filter((boat) => counts[boat] > 0)
  return <span className="poolbar" role="img" aria-label={label}>{parts.map((boat) => <i key={boat} className={boat === 'creating' ? 'active' : boat} style={{ flex: counts[boat] }} />)}</span>
}
