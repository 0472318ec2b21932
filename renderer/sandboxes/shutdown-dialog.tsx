import { useState } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import type { CallResult } from '../../shared/contract.ts'
import { useEndpoint } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { useNow } from '../frame/house/use-now.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Choice } from '../parts/fields/choice.tsx'
import { Dialog } from '../parts/floats/dialog.tsx'
import { useFormat } from '../words/formats.ts'
import { sandboxesWords } from '../words/sandboxes.ts'
import type { SandboxRow } from '../../shared/state.ts'
import { lossesOf } from './shutdown.logic.ts'
import { ShutdownGoing, ShutdownResult } from './shutdown-going.tsx'
import { nameOf } from './use-actions.ts'

const words = sandboxesWords.shutdown

type Report = CallResult<'shutdown'>
type Phase =
  | { readonly at: 'asking' }
  | { readonly at: 'going'; readonly was: readonly { id: string; name: string }[]; readonly since: number }
  | { readonly at: 'done'; readonly was: readonly { id: string; name: string }[]; readonly report: Report; readonly ms: number }

/** Asks, shows how far it is, and says what came of it. */
export function ShutdownDialog({ onClose }: { onClose: () => void }) {
  const endpoint = useEndpoint()
  const sandboxes = useHouse((state) => state.sandboxes)
  const [phase, setPhase] = useState<Phase>({ at: 'asking' })

  async function end(which: readonly SandboxRow[], everything: boolean): Promise<void> {
    const since = performance.now()
    const was = which.map((it) => ({ id: it.id, name: nameOf(it) }))
    setPhase({ at: 'going', was, since })
    const report = everything ? await whole() : await unused(which)
    setPhase({ at: 'done', was, report, ms: performance.now() - since })
  }

  async function whole(): Promise<Report> {
    try {
      return await endpoint.call('shutdown', { keep_host: true })
    } catch (thrown) {
      return { destroyed: [], failed: [{ id: '', error: asBerthError(thrown).message }] }
    }
  }

  async function unused(which: readonly SandboxRow[]): Promise<Report> {
    const ends = await Promise.allSettled(which.map(({ id }) => endpoint.call('destroy', { id, only_if_unheld: true })))
    return {
      destroyed: which.filter((_, at) => ends[at]?.status === 'fulfilled').map(({ id }) => id),
      failed: which.flatMap(({ id }, at) => {
        const result = ends[at]
        return result?.status === 'rejected' ? [{ id, error: asBerthError(result.reason).message }] : []
      }),
    }
  }

  if (phase.at === 'going') return <ShutdownGoing was={phase.was} since={phase.since} onClose={onClose} />
  if (phase.at === 'done') {
    const left = new Set(phase.report.failed.map(({ id }) => id))
    return <ShutdownResult {...phase} onClose={onClose} onAgain={() => void end(Object.values(sandboxes).filter(({ id }) => left.has(id)), true)} />
  }
  return <Confirm onClose={onClose} onEnd={(which, everything) => void end(which, everything)} />
}

function Confirm({ onClose, onEnd }: { onClose: () => void; onEnd: (which: readonly SandboxRow[], everything: boolean) => void }) {
  const [all, slots] = useHouse(({ sandboxes, house }) => [sandboxes, house.spares.slots])
  const now = useNow('second')
  const format = useFormat()
  const [which, setWhich] = useState<'all' | 'unused'>('all')
  const losses = lossesOf(Object.values(all))
  const everything = [...losses.inUse, ...losses.creating, ...losses.warm]
  const wanted = which === 'all' ? everything : losses.warm
  const count = (n: number) => format.count(n, 'sandbox', 'sandboxes')
  const also = [
    losses.warm.length > 0 ? `${losses.warm.length} warm` : '',
    slots.length > 0 ? format.count(slots.length, 'slot') : '',
    losses.creating.length > 0 ? `${losses.creating.map(nameOf).join(', ')}, still being made` : '',
  ].filter((part) => part !== '')
  const about = losses.inUse.length === 0 ? `Nobody uses any of them. ${words.stay}`
    : `${losses.inUse.length} ${losses.inUse.length === 1 ? 'is' : 'are'} in use${losses.working > 0 ? `, and ${losses.working} of them ${losses.working === 1 ? 'is' : 'are'} working. Their commands end now.` : '.'} ${words.stay}`
  return (
    <Dialog
      open alert title={everything.length === 0 ? words.none : words.title} about={everything.length === 0 ? words.stay : about} onClose={onClose} says={everything.length > 0 ? words.grace : undefined}
      actions={<>
        <Button safe onClick={onClose}>{everything.length === 0 ? words.close : words.cancel}</Button>
        {wanted.length === 0 ? null : <Button kind="danger" onClick={() => onEnd(wanted, which === 'all')}>{words.go(count(wanted.length))}</Button>}
      </>}
    >
      {losses.inUse.length === 0 ? null : (
        <table className="table inset sd" aria-label={words.inUse}>
          <thead><tr><th scope="col" className="c-used">{words.inUse}</th><th scope="col" className="c-held">{words.heldBy}</th><th scope="col">{words.runningNow}</th><th scope="col" className="num c-for">{words.for}</th></tr></thead>
          <tbody>
            {losses.inUse.map((it) => {
              const command = it.commands[0]
              return (
                <tr key={it.id}>
                  <th scope="row">{nameOf(it)}</th>
                  <td className="mid">{it.holders[0]?.holder}{it.holders.length > 1 ? ` +${it.holders.length - 1}` : ''}</td>
                  <td>{command ? <code>{command.command}</code> : <span className="dim">{it.terminals.some(({ ended }) => ended === null) ? 'a terminal' : words.nothing}</span>}</td>
                  <td className="num mid">{command ? format.countdown(now - Date.parse(command.since)) : '–'}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
      {also.length > 0 && losses.inUse.length > 0 ? <p className="also"><span className="mid">{words.also}</span> {also.join(', ')}.</p> : null}
      {losses.inUse.length > 0 && losses.warm.length > 0 ? (
        <Choice
          label={words.what} value={which} onChange={setWhich}
          options={[
            { value: 'all', label: words.everything, detail: count(everything.length) },
            { value: 'unused', label: words.unused, detail: `${losses.warm.length} warm` },
          ]}
        />
      ) : null}
    </Dialog>
  )
}
