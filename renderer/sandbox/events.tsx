import { useMemo, useState } from 'react'
import type { BerthEvent } from '../../shared/events.ts'
import { told } from '../state/story.logic.ts'
import { useActors, useNative, useTopic } from '../state/contexts.ts'
import { Button, Filters } from '../parts/buttons.tsx'
import { Code, Empty } from '../parts/blocks.tsx'
import { SearchField } from '../parts/fields.tsx'
import { Icon } from '../parts/indicators.tsx'
import { useFormat } from '../words/format.ts'
import { tabWords } from './tabs.words.ts'
import type { TabProps } from './tab.ts'
import { useTask } from '../parts/use-task.ts'
import { type EventKind, kindOf, withEvents } from './events.logic.ts'

const words = tabWords.events

/** Who did what to it; details open in the row. */
export function EventsTab({ row }: TabProps) {
  const [events, setEvents] = useState<readonly BerthEvent[]>([])
  const [filter, setFilter] = useState<'all' | EventKind>('all')
  const [text, setText] = useState('')
  const native = useNative()
  const task = useTask()
  useTopic(
    'events',
    { sandbox: row.id, limit: 500 },
    {
      start: () => setEvents([]),
      event: (batch) => setEvents((before) => withEvents(before, batch.events)),
    },
  )
  const lines = useMemo(() => told(events), [events])
  const count = (kind: EventKind) => lines.filter((event) => kindOf(event) === kind).length
  const shown = useMemo(
    () =>
      lines.filter(
        (event) => (filter === 'all' || kindOf(event) === filter) && `${event.text} ${event.who} ${event.type}`.toLowerCase().includes(text.toLowerCase()),
      ),
    [lines, filter, text],
  )
  return (
    <>
      <div className="strip eventsbar">
        <Filters
          label={words.show}
          value={filter}
          onChange={setFilter}
          options={[
            { value: 'all', label: words.all, count: lines.length },
            { value: 'lifecycle', label: words.lifecycle, count: count('lifecycle') },
            { value: 'terminal', label: words.commands, count: count('terminal') },
            { value: 'problem', label: words.problems, count: count('problem') },
          ]}
        />
        <div className="end">
          <SearchField label={words.filter} value={text} onChange={setText} found={`${shown.length} of ${lines.length}`} />
          <Button
            kind="quiet"
            icon="download"
            onClick={() =>
              task.run(async () => void (await native.saveText(`berth-events-${row.id}.jsonl`, events.map((event) => JSON.stringify(event)).join('\n'))))
            }
          >
            <span className="label">{words.exportIt}</span>
          </Button>
        </div>
      </div>
      <div className="scroll list">
        <table className="table events" aria-label={words.label}>
          <thead>
            <tr>
              <th scope="col" className="c-when">
                {words.when}
              </th>
              <th scope="col" className="c-who">
                {words.who}
              </th>
              <th scope="col">{words.what}</th>
            </tr>
          </thead>
          {shown.map((event) => (
            <EventRow key={event.seq} event={event} />
          ))}
        </table>
        {shown.length === 0 ? <Empty title={events.length === 0 ? words.none : words.noMatch} /> : null}
      </div>
    </>
  )
}

function EventRow({ event }: { event: BerthEvent }) {
  const format = useFormat()
  const [open, setOpen] = useState(false)
  const actor = useActors()(event.who)
  const at = new Date(event.at)
  return (
    <tbody>
      <tr>
        <td className="mid">
          <button type="button" className="disclose" aria-expanded={open} aria-label={`${words.details}: ${event.text}`} onClick={() => setOpen(!open)}>
            <time dateTime={event.at}>
              {format.clock(at)}
              <span className="dim">{format.millis(at)}</span>
            </time>
          </button>
        </td>
        <td>
          <span className="who">
            <Icon name={actor.kind === 'berth' ? 'anchor' : actor.kind === 'you' ? 'user' : 'key'} />
            {actor.name}
          </span>
        </td>
        <td>{event.text}</td>
      </tr>
      {open ? (
        <tr className="open">
          <td colSpan={3}>
            <Code text={JSON.stringify(event, null, 2)} label={words.details} />
          </td>
        </tr>
      ) : null}
    </tbody>
  )
}
