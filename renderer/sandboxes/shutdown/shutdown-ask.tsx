import { useState } from 'react'
import { useNow } from '../../frame/house/use-now.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { Choice } from '../../parts/fields/choice.tsx'
import { Dialog } from '../../parts/floats/dialog.tsx'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { holderName } from '../../words/who.ts'
import { shortName } from '../deeds/names.ts'
import { nameOf } from '../list/rows.logic.ts'
import { targetsOf, type Plan, type Scope } from './shutdown.logic.ts'

/** What is lost by name, what stays; the button that loses nothing has the focus. */
export function ShutdownAsk({ open, plan, onClose, onGo }: { open: boolean; plan: Plan; onClose: () => void; onGo: (scope: Scope) => void }) {
  const words = sandboxesWords.shutdown
  const format = useFormat()
  const [chosen, setScope] = useState<Scope>('all')
  const scope = plan.warm.length === 0 ? 'all' : chosen
  const many = (scopeOf: Scope) => format.count(targetsOf(plan, scopeOf).length, 'sandbox', 'sandboxes')
  const none = targetsOf(plan, 'all').length === 0
  const rest = [
    ...(plan.warm.length > 0 ? [`${format.number(plan.warm.length)} warm`] : []),
    ...(plan.slots.length > 0 ? [format.count(plan.slots.length, ...sandboxesWords.pool.slots)] : []),
    ...plan.creating.map((row) => words.creating(shortName(nameOf(row)))),
  ]
  return (
    <Dialog
      title={words.title} about={none ? words.none : words.about(plan.used.length, plan.working)} open={open} onClose={onClose} alert
      says={none ? undefined : words.says}
      actions={
        <>
          <Button safe onClick={onClose}>{none ? words.close : words.keep}</Button>
          {none ? null : <Button kind="danger" onClick={() => onGo(scope)}>{words.button(many(scope))}</Button>}
        </>
      }
    >
      {plan.used.length === 0 ? null : <InUse plan={plan} />}
      {rest.length === 0 ? null : <p className={plan.used.length === 0 ? undefined : 'also'}>{plan.used.length === 0 ? null : <span className="mid">{words.also} </span>}{listed(rest)}.</p>}
      {plan.warm.length === 0 || plan.used.length + plan.creating.length === 0 ? null : (
        <Choice
          label={words.choice} value={scope} onChange={setScope}
          options={[{ value: 'all', label: words.everything, detail: many('all') }, { value: 'unused', label: words.unused, detail: `${format.number(plan.warm.length)} warm` }]}
        />
      )}
    </Dialog>
  )
}

function InUse({ plan }: { plan: Plan }) {
  const words = sandboxesWords.shutdown
  const format = useFormat()
  const now = useNow('second')
  return (
    <table className="table inset sd" aria-label={words.table}>
      <thead><tr><th scope="col" className="c-used">{words.columns.used}</th><th scope="col" className="c-held">{words.columns.held}</th><th scope="col">{words.columns.running}</th><th scope="col" className="num c-for">{words.columns.for}</th></tr></thead>
      <tbody>
        {plan.used.map((row) => {
          const [command] = row.commands
          const terminals = row.terminals.filter(({ ended }) => ended === null).length
          const [first, ...more] = row.holders
          return (
            <tr key={row.id}>
              <th scope="row" title={nameOf(row)}>{shortName(nameOf(row))}</th>
              <td className="mid">{first === undefined ? '–' : `${holderName(first)}${more.length > 0 ? ` +${more.length}` : ''}`}</td>
              {command === undefined
                ? <td className={terminals > 0 ? 'mid' : 'dim'}>{terminals > 0 ? words.terminals(format.count(terminals, 'terminal')) : words.nothing}</td>
                : <td title={row.commands.map((one) => one.command).join('\n')}><code>{command.command}</code>{row.commands.length > 1 ? <span className="dim"> +{row.commands.length - 1}</span> : null}</td>}
              <td className={command === undefined ? 'num dim' : 'num mid'}>{command === undefined ? '–' : format.countdown(Math.max(0, now - Date.parse(command.since)))}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')}, and ${parts.at(-1) ?? ''}`
}
