import { useState } from 'react'
import type { BerthEvent } from '../../shared/event.ts'
import type { SandboxRow } from '../../shared/state.ts'
import { useNow } from '../frame/house/use-now.ts'
import { useTopic } from '../frame/house/use-topic.ts'
import { go } from '../frame/route.ts'
import { Note } from '../parts/blocks/note.tsx'
import { Button } from '../parts/buttons/button.tsx'
import { useDeeds } from '../sandboxes/deeds/deeds.ts'
import { useFormat } from '../words/formats.ts'
import { sandboxWords } from '../words/sandbox.ts'
import { endOf } from './sandbox.logic.ts'
import { useTask } from './use-task.ts'

/** Says when and why it went, and gives a way on. `row`: as it was last, if this page has seen it. */
export function Gone({ id, row }: { id: string; row: SandboxRow | null }) {
  const { acquire } = useDeeds()
  const format = useFormat()
  const now = useNow('minute')
  const { busy, run } = useTask()
  const [events, setEvents] = useState<readonly BerthEvent[]>([])
  useTopic('events', /^[a-f0-9]{16}$/.test(id) ? { sandbox: id } : null, { start: () => setEvents([]), event: (event) => setEvents((before) => [...before, ...event.events].slice(-300)) })
  const end = endOf(events, id)
  const key = row ?? events.findLast(({ thread }) => thread !== undefined)
  const thread = key?.thread ?? null
  const words = sandboxWords.gone
  return (
    <div className="banner">
      <Note
        kind={end === null ? 'info' : 'warn'} live title={row === null && events.length === 0 ? `${words.never}.` : words.title}
        action={thread === null ? <Button onClick={() => go('sandboxes')}>{words.list}</Button> : (
          <Button kind="primary" icon="play" busy={busy} onClick={() => run(() => acquire(thread, key?.user ?? 'default'))}>{words.again}</Button>
        )}
      >
        {end === null ? words.unknown : words.when(format.when(new Date(end.at), new Date(now)), `${end.text}.`.replace(/\.\.$/, '.'))}
        {' '}{thread !== null ? words.files : key === undefined ? '' : words.anonymous}
      </Note>
    </div>
  )
}
