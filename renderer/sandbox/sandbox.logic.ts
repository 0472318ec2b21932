import type { ErrorData } from '../../shared/errors.ts'
import type { BerthEvent } from '../../shared/events.ts'
import { actorOf, holdersOf } from '../words/who.ts'
import type { SandboxRow } from '../../shared/state.ts'

/** The event that says how a sandbox came to its end; null: it is not among those that are kept. */
export function endOf(events: readonly BerthEvent[], id: string): BerthEvent | null {
  const own = events.filter(({ sandbox }) => sandbox === id)
  const ended = own.findLast(({ type }) => /^sandbox\.(gone|destroyed|reaped|evicted|lost|failed)$/.test(type))
  return ended ?? own.findLast(({ type }) => type === 'sandbox.stopping') ?? null
}

/** What it is doing and for whom, in few words; the pieces a sentence is made of. */
export function doing(
  { status, commands, holders, expires_at, step, error }: SandboxRow,
  now: number,
  actor: (who: string) => { readonly name: string } = actorOf,
): { kind: 'working'; who: string } | { kind: 'held'; who: string[] } | { kind: 'reaped'; ms: number } | { kind: 'says'; text: string } | { kind: 'nobody' } {
  if (status === 'failed') return { kind: 'says', text: error?.message ?? 'It has failed' }
  if (status === 'creating' && step !== null) return { kind: 'says', text: step }
  const first = commands[0]
  if (first) return { kind: 'working', who: actor(first.who).name }
  if (holders.length > 0) return { kind: 'held', who: holdersOf({ holders }) }
  if (expires_at !== null) return { kind: 'reaped', ms: Math.max(0, Date.parse(expires_at) - now) }
  return { kind: 'nobody' }
}

/** Lines of a failure's next step that are to be typed: what stands in `backticks` and is more than a word. */
export function fixesIn(next: string): readonly string[] {
  return [...next.matchAll(/`([^`]+)`/g)].flatMap(([, line = '']) => (/\s/.test(line) ? [line] : []))
}

/** The last lines that its container wrote, as its failure kept them; none: it wrote none, or there was no container. */
export function logOf(error: ErrorData | null): readonly string[] {
  const log = error?.details?.['log']
  return Array.isArray(log) ? log.filter((line) => typeof line === 'string') : []
}

/** Can be worked in now. */
export function isUp({ status }: Pick<SandboxRow, 'status'>): boolean {
  return status === 'active' || status === 'warm' || status === 'paused'
}
