import { type BerthEvent, endSortOf } from '../../shared/events.ts'

/** What happened to a sandbox, as a person would sort it. */
export type Sign = 'slot' | 'cold' | 'reclaimed' | 'evicted' | 'reaped' | 'failed' | 'other'

/** A line of the list: one event that somebody may want to know of. */
export interface Happening {
  readonly seq: number
  /** Epoch ms. */
  readonly at: number
  readonly sign: Sign
  readonly sandbox: string | null
  readonly name: string
  readonly who: string
  readonly text: string
  readonly tookMs: number | null
}

/** A stretch of a lane. */
export interface Bar {
  readonly state: 'creating' | 'active' | 'warm' | 'paused'
  readonly from: number
  readonly to: number
}
export interface Point {
  readonly sign: Exclude<Sign, 'other'>
  readonly at: number
  readonly seq: number
}
export interface Lane {
  readonly sandbox: string
  readonly name: string
  readonly live: boolean
  readonly bars: readonly Bar[]
  readonly points: readonly Point[]
}

export function signOf(event: BerthEvent): Sign {
  const path = event.details?.['path']
  const sort = endSortOf(event)
  switch (event.type) {
    case 'sandbox.active':
      if (path === 'cold') return 'cold'
      if (path === 'slot') return 'slot'
      return path === 'warm' || path === 'found' ? 'reclaimed' : 'other'
    case 'sandbox.failed':
      return 'failed'
    case 'sandbox.stopping':
      return sort === 'evicted' || sort === 'reaped' ? sort : 'other'
    default:
      return 'other'
  }
}

/** The thread, or where there is none, that it is anonymous. */
export function nameOf(event: Pick<BerthEvent, 'thread' | 'sandbox'>, anonymous: string): string {
  return event.thread ?? (event.sandbox ? `${anonymous} ${event.sandbox.slice(0, 6)}` : '')
}

/**
 * One line a happening: an end is told when it begins and again when it is done, in the same words. The first stays, with the time that it
 * took; where it became a failure, that says it better.
 */
export function told(events: readonly BerthEvent[]): readonly BerthEvent[] {
  const lines: (BerthEvent | null)[] = []
  const ending = new Map<string, number>()
  for (const event of events) {
    const { sandbox = '', type } = event
    const at = ending.get(sandbox)
    const begun = at === undefined ? undefined : lines[at]
    if (at !== undefined && begun && type === 'sandbox.gone')
      lines[at] = { ...begun, details: { ms: Date.parse(event.at) - Date.parse(begun.at), ...begun.details } }
    else lines.push(event)
    if (at !== undefined && type === 'sandbox.failed') lines[at] = null
    if (/^sandbox\.(stopping|lost)$/.test(type)) ending.set(sandbox, lines.length - 1)
    else if (/^sandbox\.(gone|failed|creating)$/.test(type)) ending.delete(sandbox)
  }
  return lines.filter((line) => line !== null)
}

/** Events of sandboxes as lines, newest first. */
export function happenings(events: readonly BerthEvent[], anonymous: string): readonly Happening[] {
  return told(events)
    .filter((event) => event.sandbox !== undefined)
    .map((event) => {
      const ms = event.details?.['ms']
      return {
        seq: event.seq,
        at: Date.parse(event.at),
        sign: signOf(event),
        sandbox: event.sandbox ?? null,
        name: nameOf(event, anonymous),
        who: event.who,
        text: event.text,
        tookMs: typeof ms === 'number' ? ms : null,
      }
    })
    .reverse()
}

const states: Readonly<Record<string, Bar['state'] | null>> = {
  'sandbox.creating': 'creating',
  'sandbox.active': 'active',
  'sandbox.warm': 'warm',
  'sandbox.paused': 'paused',
  'sandbox.stopping': null,
  'sandbox.failed': null,
  'sandbox.gone': null,
}

/** One lane a sandbox between two moments: what it was when, and what happened to it. Those that are there come first, the newest first. */
export function lanes(
  events: readonly BerthEvent[],
  /** What is there now, with its state and since when nothing is known of it before. */
  present: readonly { readonly id: string; readonly name: string; readonly state: Bar['state'] | null; readonly since: number }[],
  from: number,
  to: number,
  anonymous: string,
): readonly Lane[] {
  const drafts = new Map<
    string,
    { name: string; bars: Bar[]; points: Point[]; open: { state: Bar['state']; from: number } | null; known: boolean; last: number }
  >()
  const draft = (id: string, name: string) => {
    const found = drafts.get(id)
    if (found) return found
    const made = { name, bars: [], points: [], open: null, known: false, last: from }
    drafts.set(id, made)
    return made
  }
  for (const it of present) {
    const lane = draft(it.id, it.name)
    const first = events.find((event) => event.sandbox === it.id && event.type in states)
    // Before the first event that is kept it was what that event ended, which nobody can say; without one it is what it is.
    if (!first && it.state !== null) lane.open = { state: it.state, from: Math.max(from, it.since) }
  }
  for (const event of events) {
    if (event.sandbox === undefined) continue
    const at = Date.parse(event.at)
    if (!(event.type in states) && signOf(event) === 'other') continue
    const lane = draft(event.sandbox, nameOf(event, anonymous))
    const next = states[event.type]
    if (next !== undefined) {
      if (lane.open) close(lane, at, from)
      lane.open = next === null ? null : { state: next, from: at }
    }
    lane.last = at
    const sign = signOf(event)
    if (sign !== 'other' && at >= from && at <= to) lane.points.push({ sign, at, seq: event.seq })
  }
  const there = new Set(present.map(({ id }) => id))
  return [...drafts.entries()]
    .map(([sandbox, lane]) => {
      if (lane.open) close(lane, to, from)
      return { sandbox, name: lane.name, live: there.has(sandbox), bars: lane.bars, points: lane.points, last: lane.last }
    })
    .filter((lane) => lane.bars.length > 0 || lane.points.length > 0)
    .sort((a, b) => Number(b.live) - Number(a.live) || b.last - a.last)
    .map(({ sandbox, name, live, bars, points }) => ({ sandbox, name, live, bars, points }))
}

function close(lane: { bars: Bar[]; open: { state: Bar['state']; from: number } | null }, at: number, from: number): void {
  if (!lane.open) return
  if (at > from) lane.bars.push({ state: lane.open.state, from: Math.max(lane.open.from, from), to: at })
  lane.open = null
}

/** How many of each state there were, as steps: each holds from its moment on. */
export function counts(all: readonly Lane[], from: number, to: number): readonly { readonly at: number; readonly active: number; readonly warm: number }[] {
  const moments = [...new Set([from, ...all.flatMap((lane) => lane.bars.flatMap((bar) => [bar.from, bar.to]))])]
    .filter((at) => at >= from && at < to)
    .sort((a, b) => a - b)
  return moments.map((at) => {
    let active = 0
    let warm = 0
    for (const lane of all) {
      const bar = lane.bars.find((it) => it.from <= at && at < it.to)
      if (bar?.state === 'active' || bar?.state === 'creating') active += 1
      else if (bar) warm += 1
    }
    return { at, active, warm }
  })
}

/** What came of new threads: the numbers of the sentence on top. */
export function summary(all: readonly Happening[], from: number): { slot: number; cold: number; failed: number; slotMs: number | null; coldMs: number | null } {
  const recent = all.filter((it) => it.at >= from)
  const middle = (sign: Sign) => {
    const times = recent
      .filter((it) => it.sign === sign && it.tookMs !== null)
      .map((it) => it.tookMs ?? 0)
      .sort((a, b) => a - b)
    return times.length === 0 ? null : (times[Math.floor((times.length - 1) / 2)] ?? null)
  }
  const count = (sign: Sign) => recent.filter((it) => it.sign === sign).length
  return { slot: count('slot'), cold: count('cold'), failed: count('failed'), slotMs: middle('slot'), coldMs: middle('cold') }
}
