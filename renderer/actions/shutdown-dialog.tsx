import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import { useEndpoint, useHouse, useNow } from '../state/contexts.ts'
import { useToast } from '../parts/toasts.ts'
import { useFormat } from '../words/format.ts'
import { sandboxesWords } from '../words/sandboxes.ts'
import { type Failure, follow, outcome, type Plan, planOf, type Scope, type Steps, type Target, targetsOf } from './shutdown.logic.ts'
import { Button } from '../parts/buttons.tsx'
import { Choice } from '../parts/fields.tsx'
import { Dialog } from '../parts/overlays.tsx'
import { holderName } from '../words/who.ts'
import { shortName } from './actions.ts'
import { nameOf } from '../state/rows.logic.ts'
import { go, hashOf } from '../state/page-address.ts'
import { Code } from '../parts/blocks.tsx'
import { Icon, Mark, Progress } from '../parts/indicators.tsx'

type Phase =
  | { readonly kind: 'ask' }
  | { readonly kind: 'going'; readonly targets: readonly Target[]; readonly since: number }
  | { readonly kind: 'done'; readonly targets: readonly Target[]; readonly failures: readonly Failure[]; readonly ms: number }

export interface ShutdownDialogProps {
  readonly open: boolean
  /** Closed while it goes on. */
  readonly onHide: () => void
  readonly onShow: () => void
  readonly onEnd: () => void
}

/** Asks, shows each sandbox going, and says what is left and what to do about it. */
export function ShutdownDialog({ open, onHide, onShow, onEnd }: ShutdownDialogProps) {
  const words = sandboxesWords.shutdown
  const endpoint = useEndpoint()
  const format = useFormat()
  const toast = useToast()
  const [house, sandboxes] = useHouse((state) => [state.house, state.sandboxes])
  const [phase, setPhase] = useState<Phase>({ kind: 'ask' })
  const [steps, setSteps] = useState<Steps>(new Map())
  const visible = useRef(open)
  visible.current = open

  const look = useEffectEvent(() => {
    if (phase.kind === 'going') setSteps((before) => follow(before, phase.targets, { house, sandboxes }, performance.now() - phase.since))
  })
  useEffect(() => look(), [house, sandboxes, phase])

  async function go(scope: Scope): Promise<void> {
    const targets = targetsOf(planOf({ house, sandboxes }), scope)
    const since = performance.now()
    setSteps(new Map())
    setPhase({ kind: 'going', targets, since })
    const failed = await (scope === 'all' ? everything() : each(targets, true))
    end(targets, failed, performance.now() - since)
  }

  async function everything(): Promise<{ id: string; error: string }[]> {
    try {
      return (await endpoint.call('shutdown', { keep_host: true })).failed
    } catch (thrown) {
      const error = asBerthError(thrown)
      return [{ id: '', error: `${error.message}. ${error.next}` }]
    }
  }

  /** `unheld`: leave those alone that somebody has taken meanwhile. */
  async function each(targets: readonly Pick<Target, 'id'>[], unheld: boolean): Promise<{ id: string; error: string }[]> {
    const results = await Promise.allSettled(targets.map(({ id }) => endpoint.call('destroy', { id, only_if_unheld: unheld, only_if_idle: unheld })))
    return results.flatMap((result, at) => (result.status === 'rejected' ? [{ id: targets[at]?.id ?? '', error: asBerthError(result.reason).message }] : []))
  }

  function end(targets: readonly Target[], failed: readonly { id: string; error: string }[], ms: number): void {
    const failures = outcome(targets, new Map(), failed).failures
    setPhase({ kind: 'done', targets, failures, ms })
    if (visible.current) return
    if (failures.length === 0) {
      toast({ status: 'gone', title: words.done(format.count(targets.length, 'sandbox', 'sandboxes'), targets.length === 1) })
      onEnd()
    } else
      toast({
        status: 'failed',
        title: words.partly(targets.length - failures.length, targets.length, failures.length),
        stay: true,
        action: { label: words.show, run: onShow },
      })
  }

  async function again(failure: Failure): Promise<void> {
    if (phase.kind !== 'done') return
    const failed = failure.id === '' ? await everything() : await each([failure], false)
    setPhase((now) =>
      now.kind !== 'done'
        ? now
        : {
            ...now,
            failures:
              failed.length === 0
                ? now.failures.filter(({ id }) => id !== failure.id)
                : now.failures.map((one) => (one.id === failure.id ? { ...one, error: failed[0]?.error ?? one.error } : one)),
          },
    )
  }

  if (phase.kind === 'ask') return <ShutdownAsk open={open} plan={planOf({ house, sandboxes })} onClose={onEnd} onGo={(scope) => void go(scope)} />
  if (phase.kind === 'going') return <ShutdownGoing open={open} targets={phase.targets} steps={steps} since={phase.since} onClose={onHide} />
  return (
    <ShutdownDone
      open={open}
      targets={phase.targets}
      failures={phase.failures}
      steps={steps}
      ms={phase.ms}
      onClose={onEnd}
      onAgain={again}
      onLeave={({ id }) => {
        if (phase.failures.length === 1) onEnd()
        else setPhase({ ...phase, failures: phase.failures.filter((one) => one.id !== id) })
      }}
    />
  )
}

/** What is lost by name, what stays; the button that loses nothing has the focus. */
function ShutdownAsk({ open, plan, onClose, onGo }: { open: boolean; plan: Plan; onClose: () => void; onGo: (scope: Scope) => void }) {
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
      title={words.title}
      about={none ? words.none : words.about(plan.used.length, plan.working)}
      open={open}
      onClose={onClose}
      alert
      says={none ? undefined : words.says}
      actions={
        <>
          <Button safe onClick={onClose}>
            {none ? words.close : words.keep}
          </Button>
          {none ? null : (
            <Button kind="danger" onClick={() => onGo(scope)}>
              {words.button(many(scope))}
            </Button>
          )}
        </>
      }
    >
      {plan.used.length === 0 ? null : <InUse plan={plan} />}
      {rest.length === 0 ? null : (
        <p className={plan.used.length === 0 ? undefined : 'also'}>
          {plan.used.length === 0 ? null : <span className="mid">{words.also} </span>}
          {listed(rest)}.
        </p>
      )}
      {plan.warm.length === 0 || plan.used.length + plan.creating.length === 0 ? null : (
        <Choice
          label={words.choice}
          value={scope}
          onChange={setScope}
          options={[
            { value: 'all', label: words.everything, detail: many('all') },
            { value: 'unused', label: words.unused, detail: `${format.number(plan.warm.length)} warm` },
          ]}
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
      <thead>
        <tr>
          <th scope="col" className="c-used">
            {words.columns.used}
          </th>
          <th scope="col" className="c-held">
            {words.columns.held}
          </th>
          <th scope="col">{words.columns.running}</th>
          <th scope="col" className="num c-for">
            {words.columns.for}
          </th>
        </tr>
      </thead>
      <tbody>
        {plan.used.map((row) => {
          const [command] = row.commands
          const terminals = row.terminals.filter(({ ended }) => ended === null).length
          const [first, ...more] = row.holders
          return (
            <tr key={row.id}>
              <th scope="row" title={nameOf(row)}>
                {shortName(nameOf(row))}
              </th>
              <td className="mid">{first === undefined ? '–' : `${holderName(first)}${more.length > 0 ? ` +${more.length}` : ''}`}</td>
              {command === undefined ? (
                <td className={terminals > 0 ? 'mid' : 'dim'}>{terminals > 0 ? words.terminals(format.count(terminals, 'terminal')) : words.nothing}</td>
              ) : (
                <td title={row.commands.map((one) => one.command).join('\n')}>
                  <code>{command.command}</code>
                  {row.commands.length > 1 ? <span className="dim"> +{row.commands.length - 1}</span> : null}
                </td>
              )}
              <td className={command === undefined ? 'num dim' : 'num mid'}>
                {command === undefined ? '–' : format.countdown(Math.max(0, now - Date.parse(command.since)))}
              </td>
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

export interface ShutdownDoneProps {
  readonly open: boolean
  readonly targets: readonly Target[]
  readonly failures: readonly Failure[]
  readonly steps: Steps
  readonly ms: number
  readonly onClose: () => void
  readonly onAgain: (failure: Failure) => Promise<void>
  readonly onLeave: (failure: Failure) => void
}

/** How it ended. Who is left is named with the engine's own words and a way on. */
function ShutdownDone({ open, targets, failures, steps, ms, onClose, onAgain, onLeave }: ShutdownDoneProps) {
  const words = sandboxesWords.shutdown
  const format = useFormat()
  const whole = failures.some(({ id }) => id === '')
  const { gone, slowest } = outcome(targets, steps, failures)
  const title = whole
    ? words.broke
    : failures.length === 0
      ? words.done(format.count(targets.length, 'sandbox', 'sandboxes'), targets.length === 1)
      : words.partly(gone, targets.length, failures.length)
  return (
    <Dialog
      title={title}
      about={whole ? undefined : words.after}
      open={open}
      onClose={onClose}
      alert={failures.length > 0}
      says={
        <>
          {words.allOf}{' '}
          <a className="inline" href={hashOf(['activity'])} onClick={onClose}>
            {words.activity}
          </a>
          .
        </>
      }
      actions={
        <Button safe onClick={onClose}>
          {words.close}
        </Button>
      }
    >
      {failures.map((failure) => (
        <Failed key={failure.id} failure={failure} whole={whole} onAgain={onAgain} onLeave={onLeave} onClose={onClose} />
      ))}
      {whole || gone === 0 ? null : (
        <details className="finished">
          <summary>
            <Icon name="right" />
            <span>
              <Mark name="gone" />
              {words.finished(format.number(gone))}
            </span>
            <span className="dim">{words.slowest(format.inWords(ms), slowest === null || targets.length < 2 ? null : shortName(slowest.name))}</span>
          </summary>
          <ul className="going">
            {targets
              .filter(({ id }) => !failures.some((one) => one.id === id))
              .map(({ id, name }) => (
                <li key={id}>
                  <span className="status gone">
                    <Mark name="gone" />
                  </span>
                  <span className="t cut" title={name}>
                    {shortName(name)}
                  </span>
                  <span className="mid w">{words.phases.gone}</span>
                  <span className="dim tm">{format.duration(steps.get(id)?.at ?? ms)}</span>
                </li>
              ))}
          </ul>
        </details>
      )}
    </Dialog>
  )
}

function Failed({
  failure,
  whole,
  onAgain,
  onLeave,
  onClose,
}: { failure: Failure; whole: boolean } & Pick<ShutdownDoneProps, 'onAgain' | 'onLeave' | 'onClose'>) {
  const words = sandboxesWords.shutdown
  const [busy, setBusy] = useState(false)
  return (
    <section className="fail" aria-label={words.broke}>
      {whole ? null : (
        <p>
          <span className="status failed">
            <Mark name="failed" />
          </span>
          <span>
            <span className="strong">{shortName(failure.name)}</span> <span className="mid">{words.left}</span>
          </span>
        </p>
      )}
      <Code text={failure.error} label={words.broke} />
      <p className="acts">
        <Button
          icon="retry"
          busy={busy}
          onClick={() => {
            setBusy(true)
            void onAgain(failure).finally(() => setBusy(false))
          }}
        >
          {words.again}
        </Button>
        {whole ? null : (
          <Button
            kind="quiet"
            onClick={() => {
              onClose()
              go('sandboxes', failure.id, 'logs')
            }}
          >
            {words.log}
          </Button>
        )}
        <Button kind="quiet" onClick={() => onLeave(failure)}>
          {words.leave}
        </Button>
      </p>
    </section>
  )
}

const marks = { waiting: 'creating', stopping: 'stopping', gone: 'gone' } as const

/** Each sandbox as the engine's state shows it, not as a bar that guesses. */
function ShutdownGoing({
  open,
  targets,
  steps,
  since,
  onClose,
}: {
  open: boolean
  targets: readonly Target[]
  steps: Steps
  since: number
  onClose: () => void
}) {
  const words = sandboxesWords.shutdown
  const format = useFormat()
  const [now, setNow] = useState(() => performance.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 500)
    return () => clearInterval(timer)
  }, [])
  const gone = targets.filter(({ id }) => steps.get(id)?.phase === 'gone').length
  const title = words.going(format.count(targets.length, 'sandbox', 'sandboxes'))
  return (
    <Dialog
      title={title}
      about={words.refused}
      open={open}
      onClose={onClose}
      says={words.goesOn}
      actions={
        <Button safe onClick={onClose}>
          {words.close}
        </Button>
      }
    >
      <div className="total">
        <Progress done={gone} total={targets.length} label={title} />
        <span className="nowrap">
          <span className="strong">{words.progress(format.number(gone), format.number(targets.length))}</span>{' '}
          <span className="dim">{format.duration(Math.max(0, now - since))}</span>
        </span>
      </div>
      <ul className="going" aria-live="polite">
        {targets.map(({ id, name }) => {
          const step = steps.get(id) ?? { phase: 'waiting' as const, at: 0 }
          const ms = step.phase === 'gone' ? step.at : now - since
          return (
            <li key={id}>
              <span className={`status ${marks[step.phase]}`}>
                <Mark name={marks[step.phase]} />
              </span>
              <span className="t cut" title={name}>
                {shortName(name)}
              </span>
              <span className="mid w">{words.phases[step.phase]}</span>
              <span className="dim tm" aria-hidden={step.phase !== 'gone'}>
                {format.duration(Math.max(0, ms))}
              </span>
            </li>
          )
        })}
      </ul>
    </Dialog>
  )
}
