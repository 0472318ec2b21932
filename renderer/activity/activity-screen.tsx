import { useMemo, useState } from 'react'
import type { BerthEvent } from '../../shared/event.ts'
import { useNative } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { useNow } from '../frame/house/use-now.ts'
import { useTopic } from '../frame/house/use-topic.ts'
import { go } from '../frame/route.ts'
import { useFootKeys } from '../frame/window/foot-keys.ts'
import { Page } from '../frame/window/page.tsx'
import { Button } from '../parts/buttons/button.tsx'
import { Segments } from '../parts/buttons/segments.tsx'
import { useTask } from '../sandbox/use-task.ts'
import { activityWords as words } from '../words/activity.ts'
import { HappeningList } from './happening-list.tsx'
import { happenings, lanes, summary, type Bar, type Happening } from './story.logic.ts'
import { Summary } from './summary.tsx'
import { Timeline } from './timeline.tsx'

const ranges = { quarter: 15 * 60_000, hour: 3_600_000, six: 6 * 3_600_000, day: 24 * 3_600_000 }
const kept = 2000

/** Why did it start cold, why is it gone: one line a sandbox, and what happened to them. */
export function ActivityScreen() {
  const [events, setEvents] = useState<readonly BerthEvent[]>([])
  const [range, setRange] = useState<keyof typeof ranges>('hour')
  const [chosen, setChosen] = useState<Happening | null>(null)
  const [house, sandboxes] = useHouse((state) => [state.house, state.sandboxes])
  const now = useNow('minute')
  const native = useNative()
  const task = useTask()
  useTopic('events', { limit: 1000 }, {
    start: () => setEvents([]),
    event: (batch) => setEvents((before) => {
      const last = before.at(-1)?.seq ?? 0
      return [...before, ...batch.events.filter(({ seq }) => seq > last)].slice(-kept)
    }),
  })
  // The newest event may be younger than the last tick of the minute.
  const to = Math.max(now, Date.parse(events.at(-1)?.at ?? '') || now)
  const from = to - ranges[range]
  const all = useMemo(() => happenings(events, words.anonymous), [events])
  const drawn = useMemo(() => {
    const present = Object.values(sandboxes).map(({ id, thread, status, created_at }) => ({
      id, name: thread ?? `${words.anonymous} ${id.slice(0, 6)}`, state: barOf(status), since: Date.parse(created_at),
    }))
    return lanes(events, present, from, to, words.anonymous)
  }, [events, sandboxes, from, to])
  useFootKeys([['Enter', 'Open sandbox', 'row']])
  return (
    <Page
      title={words.title}
      beside={<>
        <Segments label={words.range} value={range} onChange={setRange} options={(['quarter', 'hour', 'six', 'day'] as const).map((value) => ({ value, label: words.ranges[value] }))} />
        <p className="dim cut sum"><Summary of={summary(all, from)} /></p>
      </>}
      end={<Button kind="quiet" icon="download" onClick={() => task.run(async () => void await native.saveText('berth-events.jsonl', events.map((event) => JSON.stringify(event)).join('\n')))}><span className="label">{words.exportIt}</span></Button>}
    >
      <Timeline lanes={drawn} from={from} to={to} range={words.ranges[range]} replicas={house.replicas} slots={house.spares.slots.length} chosen={chosen} />
      <HappeningList
        all={all.filter(({ at }) => at >= from)} onChoose={setChosen}
        onOpen={({ sandbox }) => {
          if (sandbox !== null) go('sandboxes', sandbox, 'events')
        }}
      />
    </Page>
  )
}

function barOf(status: string): Bar['state'] | null {
  return status === 'creating' || status === 'active' || status === 'warm' || status === 'paused' ? status : null
}
