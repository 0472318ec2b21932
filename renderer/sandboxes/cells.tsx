import { Status } from '../parts/signs/status.tsx'
import { Chip } from '../parts/signs/chip.tsx'
import { Cut } from '../parts/signs/cut.tsx'
import { Gauge } from '../parts/signs/gauge.tsx'
import { useNow } from '../frame/house/use-now.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { useFormat } from '../words/formats.ts'
import { sandboxesWords as words } from '../words/sandboxes.ts'
import type { SandboxRow } from '../../shared/state.ts'
import type { Course } from './use-gauges.ts'
import { nameOf } from './use-actions.ts'

/** Near its limit from here on. */
const nearShare = 0.85
/** A countdown this short is worth a look, in milliseconds. */
const soonMs = 60_000

export function StatusCell({ sandbox }: { sandbox: SandboxRow }) {
  const reachable = useHouse(({ house }) => house.backend.reachable)
  // Unknown is not dead: while the engine is not heard, nobody can say.
  const unknown = !reachable && (sandbox.status === 'active' || sandbox.status === 'warm' || sandbox.status === 'paused')
  return <Status status={unknown ? 'unknown' : sandbox.status} />
}

export function NameCell({ sandbox }: { sandbox: SandboxRow }) {
  return (
    <>
      {sandbox.thread === null ? <span className="mid" title={sandbox.id}>{nameOf(sandbox)}</span> : <Cut className="strong" text={sandbox.thread} />}
      {sandbox.user === 'default' ? null : <span className="dim"> {sandbox.user}</span>}
      {sandbox.isolation === 'none' ? <> <Chip kind="warn">{words.notIsolated}</Chip></> : null}
    </>
  )
}

export function ImageCell({ image }: { image: string | null }) {
  if (image === null) return <span className="dim">–</span>
  const colon = image.lastIndexOf(':')
  const tagged = colon > image.lastIndexOf('/')
  return <span className="mid-cut" title={image}><span>{tagged ? image.slice(0, colon) : image}</span>{tagged ? <span className="dim">{image.slice(colon)}</span> : null}</span>
}

export function HeldCell({ sandbox }: { sandbox: SandboxRow }) {
  const [first, ...more] = sandbox.holders
  if (!first) return sandbox.status === 'warm' || sandbox.status === 'paused' ? <Released at={sandbox.last_activity_at} /> : <span className="dim">–</span>
  return <span title={sandbox.holders.map(({ holder }) => holder).join(', ')}>{first.holder}{more.length > 0 ? <span className="dim"> +{more.length}</span> : null}</span>
}

function Released({ at }: { at: string }) {
  const now = useNow('minute')
  const format = useFormat()
  return <span className="dim">{words.released(format.age(Math.max(0, now - Date.parse(at))))}</span>
}

export function AgeCell({ since }: { since: string }) {
  const now = useNow('minute')
  const format = useFormat()
  return <span title={format.full(new Date(since))}>{format.age(Math.max(0, now - Date.parse(since)))}</span>
}

/** Until when: something works in it, or the countdown to the reaper, or for ever. */
export function LeftCell({ sandbox }: { sandbox: SandboxRow }) {
  const busy = sandbox.commands.length > 0
  if (busy) return <span className="mid" title={words.workingWhy}>{words.working}</span>
  if (sandbox.expires_at === null) return <span className="dim">{sandbox.status === 'active' ? words.working : words.never}</span>
  return <Countdown until={sandbox.expires_at} />
}

function Countdown({ until }: { until: string }) {
  const now = useNow('second')
  const format = useFormat()
  const left = Date.parse(until) - now
  return <span className={left < soonMs ? 'warn-ink strong' : undefined}>{format.countdown(left)}</span>
}

export function CpuCell({ course, paused }: { course: Course | undefined; paused: boolean }) {
  const format = useFormat()
  if (paused) return <span className="dim">{words.paused}</span>
  const last = course?.last
  if (!course || !last || last.cpu === null) return <span className="dim">–</span>
  const cpus = last.cpu_limit ?? 1
  return <Gauge values={course.cpu} limit={cpus * 100} text={format.percent(last.cpu / cpus / 100)} className="w-pct" />
}

export function MemoryCell({ course }: { course: Course | undefined }) {
  const format = useFormat()
  const last = course?.last
  if (!course || !last || last.memory === null) return <span className="dim">–</span>
  return <Gauge values={course.memory} limit={last.memory_limit} text={format.size(last.memory)} high={last.memory_limit !== null && last.memory / last.memory_limit > nearShare} className="w-mem" />
}
