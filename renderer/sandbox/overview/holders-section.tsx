import type { SandboxRow } from '../../../shared/state.ts'
import { useEndpoint } from '../../frame/house/contexts.ts'
import { useNow } from '../../frame/house/use-now.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { Icon } from '../../parts/signs/icon.tsx'
import { useFormat } from '../../words/formats.ts'
import { tabWords } from '../../words/tabs.ts'
import { useTask } from '../use-task.ts'

const words = tabWords.overview

/** Who has it, and what happens when nobody does. */
export function HoldersSection({ row, idleSeconds }: { row: SandboxRow; idleSeconds: number }) {
  const endpoint = useEndpoint()
  const format = useFormat()
  const task = useTask()
  return (
    <section className="section" aria-labelledby="held">
      <h2 id="held">{words.held}</h2>
      <ul className="holders">
        {row.holders.map(({ holder, since }) => (
          <li key={holder}>
            <Icon name={holder === 'desktop' ? 'user' : 'key'} /><span><span className="strong">{holder}</span><br /><span className="dim small">{words.since(format.clock(new Date(since)))}</span></span>
            <Button kind="quiet" small className="end" onClick={() => task.run(async () => void await endpoint.call('release', { id: row.id, holder }))} aria-label={`${words.release} ${holder}`}>{words.release}</Button>
          </li>
        ))}
      </ul>
      {row.holders.length === 0 ? <p className="mid">{words.nobody}</p> : null}
      <p className="dim small hint">
        {row.holders.length === 0 && row.expires_at !== null ? <Reaped until={row.expires_at} /> : idleSeconds > 0 ? words.afterwards(format.inWords(idleSeconds * 1000)) : words.afterwardsNever}
      </p>
    </section>
  )
}

function Reaped({ until }: { until: string }) {
  const now = useNow('second')
  const format = useFormat()
  return <>{words.warmThen(format.countdown(Date.parse(until) - now))}</>
}
