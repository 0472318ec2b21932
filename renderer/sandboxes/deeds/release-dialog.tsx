import { useState } from 'react'
import type { SandboxRow } from '../../../shared/state.ts'
import { useHouse } from '../../frame/house/use-house.ts'
import { useNow } from '../../frame/house/use-now.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { Check } from '../../parts/fields/check.tsx'
import { Dialog } from '../../parts/floats/dialog.tsx'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { holderName } from '../../words/who.ts'
import { nameOf } from '../list/rows.logic.ts'
import { useLiveRows } from './live-rows.ts'
import { namesOf, shortName } from './names.ts'

export interface Hold { readonly row: SandboxRow; readonly holder: string }

/** Somebody else's holds are ended only after a look at whose they are. */
export function ReleaseDialog({ rows, onClose, onRelease }: { rows: readonly SandboxRow[]; onClose: () => void; onRelease: (holds: readonly Hold[]) => void }) {
  const words = sandboxesWords.release
  const format = useFormat()
  const now = useNow('minute')
  const live = useLiveRows(rows)
  const idle = useHouse(({ house }) => house.idle_timeout)
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const holds = live.flatMap((row) => row.holders.map(({ holder, name, since }) => ({ row, holder, name: holderName({ holder, name }), since, key: `${row.id} ${holder}` })))
  const chosen = holds.filter(({ key }) => !left.has(key))
  const many = live.length > 1
  return (
    <Dialog
      title={words.title(namesOf(rows, format))} about={live.some(({ thread }) => thread === null) ? `${words.about} ${words.anonymous}` : words.about} open onClose={onClose} alert
      says={words.says(idle > 0 ? format.inWords(idle * 1000) : null)}
      actions={
        <>
          <Button safe onClick={onClose}>{words.keep}</Button>
          <Button
            kind="primary" disabled={chosen.length === 0}
            onClick={() => {
              onClose()
              onRelease(chosen)
            }}
          >
            {chosen.length === holds.length ? words.all : words.some(format.number(chosen.length), format.number(holds.length))}
          </Button>
        </>
      }
    >
      <ul className="holds" aria-label={words.holds}>
        {holds.map(({ row, name, since, key }) => (
          <li key={key}>
            <Check
              checked={!left.has(key)} label={many ? `${name} · ${shortName(nameOf(row))}` : name} detail={words.since(format.age(now - Date.parse(since)))}
              onChange={(on) => setLeft((all) => {
                const next = new Set(all)
                if (on) next.delete(key)
                else next.add(key)
                return next
              })}
            />
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
