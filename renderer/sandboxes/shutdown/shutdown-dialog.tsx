import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { asBerthError } from '../../../shared/errors.ts'
import { useEndpoint } from '../../frame/house/contexts.ts'
import { useHouse } from '../../frame/house/use-house.ts'
import { useToast } from '../../parts/floats/toasts.ts'
import { useFormat } from '../../words/formats.ts'
import { sandboxesWords } from '../../words/sandboxes.ts'
import { ShutdownAsk } from './shutdown-ask.tsx'
import { ShutdownGoing } from './shutdown-going.tsx'
import { ShutdownDone } from './shutdown-done.tsx'
import { follow, outcome, planOf, targetsOf, type Failure, type Scope, type Steps, type Target } from './shutdown.logic.ts'

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
    return results.flatMap((result, at) => result.status === 'rejected' ? [{ id: targets[at]?.id ?? '', error: asBerthError(result.reason).message }] : [])
  }

  function end(targets: readonly Target[], failed: readonly { id: string; error: string }[], ms: number): void {
    const failures = outcome(targets, new Map(), failed).failures
    setPhase({ kind: 'done', targets, failures, ms })
    if (visible.current) return
    if (failures.length === 0) {
      toast({ status: 'gone', title: words.done(format.count(targets.length, 'sandbox', 'sandboxes'), targets.length === 1) })
      onEnd()
    } else toast({ status: 'failed', title: words.partly(targets.length - failures.length, targets.length, failures.length), stay: true, action: { label: words.show, run: onShow } })
  }

  async function again(failure: Failure): Promise<void> {
    if (phase.kind !== 'done') return
    const failed = failure.id === '' ? await everything() : await each([failure], false)
    setPhase((now) => now.kind !== 'done' ? now : {
      ...now, failures: failed.length === 0 ? now.failures.filter(({ id }) => id !== failure.id) : now.failures.map((one) => one.id === failure.id ? { ...one, error: failed[0]?.error ?? one.error } : one),
    })
  }

  if (phase.kind === 'ask') return <ShutdownAsk open={open} plan={planOf({ house, sandboxes })} onClose={onEnd} onGo={(scope) => void go(scope)} />
  if (phase.kind === 'going') return <ShutdownGoing open={open} targets={phase.targets} steps={steps} since={phase.since} onClose={onHide} />
  return (
    <ShutdownDone
      open={open} targets={phase.targets} failures={phase.failures} steps={steps} ms={phase.ms} onClose={onEnd} onAgain={again}
      onLeave={({ id }) => {
        if (phase.failures.length === 1) onEnd()
        else setPhase({ ...phase, failures: phase.failures.filter((one) => one.id !== id) })
      }}
    />
  )
}
