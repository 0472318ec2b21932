import { useMemo, useState } from 'react'
import type { CallRecord } from '../../shared/topics/house-topics.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { useNow } from '../frame/house/use-now.ts'
import { useTopic } from '../frame/house/use-topic.ts'
import { Filters } from '../parts/buttons/filters.tsx'
import { Empty } from '../parts/blocks/empty.tsx'
import { Grid } from '../parts/grid/grid.tsx'
import type { Column } from '../parts/grid/columns.ts'
import { nothingChosen } from '../parts/grid/grid.logic.ts'
import { Icon } from '../parts/signs/icon.tsx'
import { useFormat } from '../words/formats.ts'
import { bridgeWords as words } from '../words/bridge.ts'
import { actorOf } from '../words/who.ts'
import { filtered, isRefused, isSlow, lastHour, withBatch, type CallFilter } from './calls.logic.ts'

const kept = 300

/** Who did what, the newest first. */
export function Calls() {
  const [calls, setCalls] = useState<readonly CallRecord[]>([])
  const [filter, setFilter] = useState<CallFilter>('all')
  const [chosen, setChosen] = useState(nothingChosen)
  const format = useFormat()
  const now = useNow('minute')
  // Of those that are there: one that is gone goes by its id.
  const named = useHouse(({ sandboxes }) => JSON.stringify(Object.values(sandboxes).map(({ id, thread }) => [id, thread])))
  const threads = useMemo(() => new Map(JSON.parse(named) as [string, string | null][]), [named])
  useTopic('calls', {}, {
    start: () => setCalls([]),
    event: (batch) => setCalls((before) => withBatch(before, batch.calls, kept)),
  })
  const hour = lastHour(calls, now)
  const shown = useMemo(() => filtered(calls, filter), [calls, filter])
  const columns = useMemo((): readonly Column<CallRecord>[] => [
    { id: 'when', title: words.when, className: 'c-when mid', cell: ({ at }) => <>{format.clock(new Date(at))}<span className="dim">{format.millis(new Date(at))}</span></> },
    { id: 'who', title: words.token, className: 'c-who', cell: ({ client, error }) => <span className={error === 'UNAUTHORIZED' ? 'bad-ink' : undefined}>{actorOf(client).name}</span> },
    { id: 'way', title: words.way, className: 'c-meth mid', cell: ({ transport }) => transport },
    { id: 'call', title: words.call, head: true, cell: ({ call }) => <code>{call}</code> },
    { id: 'thread', title: words.thread, className: 'c-thread mid', cell: ({ sandbox }) => (sandbox === null ? '–' : <span className="cut" title={sandbox}>{threads.get(sandbox) ?? sandbox}</span>) },
    { id: 'status', title: words.status, className: 'c-code', cell: ({ error }) => (error === null ? <span className="mid">{words.ok}</span> : <span className="exit bad-ink" title={error}><Icon name="close" />{error}</span>) },
    { id: 'took', title: words.took, className: 'c-took mid', num: true, cell: ({ ms }) => format.duration(ms) },
  ], [format, threads])
  return (
    <section className="callsec" aria-labelledby="calls">
      <h2 id="calls" className="h2">
        {words.calls}{' '}
        <Filters
          label={words.show} value={filter} onChange={setFilter}
          options={[{ value: 'all', label: words.allCalls }, { value: 'refused', label: words.refused, count: calls.filter(isRefused).length }, { value: 'slow', label: words.slow, count: calls.filter(isSlow).length }]}
        />
        <span className="end dim small">{words.summary(format.number(hour.count), hour.median === null ? null : format.duration(hour.median))}</span>
      </h2>
      <Grid
        label={words.calls} className="calls" columns={columns} groups={[{ id: 'all', rows: shown }]} id={(call) => String(call.seq)} text={({ client }) => actorOf(client).name} chosen={chosen} onChoose={setChosen}
        empty={<Empty title={calls.length === 0 ? words.noCalls : words.noMatch}>{calls.length === 0 ? words.noCallsHow : null}</Empty>}
      />
    </section>
  )
}
