import { useState } from 'react'
import type { SandboxRow } from '../../../shared/state.ts'
import { useEndpoint } from '../../frame/house/contexts.ts'
import { useNow } from '../../frame/house/use-now.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { Icon } from '../../parts/signs/icon.tsx'
import { useFormat } from '../../words/formats.ts'
import { tabWords } from '../../words/tabs.ts'
import { holderName } from '../../words/who.ts'
import { useTask } from '../use-task.ts'
import { RenameHolder } from './rename-holder.tsx'

const words = tabWords.overview

/** Who has it, and what happens when nobody does. */
export function HoldersSection({ row, idleSeconds }: { row: SandboxRow; idleSeconds: number }) {
  const endpoint = useEndpoint()
  const format = useFormat()
  const task = useTask()
  const [renaming, setRenaming] = useState<string | null>(null)
  const named = row.holders.find(({ holder }) => holder === renaming)
  return (
    <section className="section" aria-labelledby="held">
      <h2 id="held">{words.held}</h2>
      <ul className="holders">
        {row.holders.map(({ holder, name, since }) => (
          <li key={holder}>
            <Icon name={holder === 'desktop' ? 'user' : 'key'} /><span><span className="strong" title={holder}>{holderName({ holder, name })}</span><br /><span className="dim small">{words.since(format.clock(new Date(since)))}</span></span>
            <span className="end">
            <Button kind="quiet" small onClick={() => setRenaming(holder)} aria-label={`${words.renameIt} ${holderName({ holder, name })}`}>{words.renameIt}</Button>
            <Button kind="quiet" small onClick={() => task.run(async () => void await endpoint.call('release', { id: row.id, holder }))} aria-label={`${words.release} ${holderName({ holder, name })}`}>{words.release}</Button>
            </span>
          </li>
        ))}
      </ul>
      {row.holders.length === 0 ? <p className="mid">{words.nobody}</p> : null}
      <p className="dim small hint">
        {row.holders.length === 0 && row.expires_at !== null ? <Reaped until={row.expires_at} /> : idleSeconds > 0 ? words.afterwards(format.inWords(idleSeconds * 1000)) : words.afterwardsNever}
      </p>
      {named === undefined ? null : <RenameHolder holder={named.holder} name={holderName(named)} onClose={() => setRenaming(null)} />}
    </section>
  )
}

function Reaped({ until }: { until: string }) {
  const now = useNow('second')
  const format = useFormat()
  return <>{words.warmThen(format.countdown(Date.parse(until) - now))}</>
}
