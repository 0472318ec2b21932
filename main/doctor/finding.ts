import type { Check } from '../../shared/calls/house-calls.ts'
import { asBerthError } from '../../shared/errors.ts'
import type { Surroundings } from './surroundings.ts'

/** What one check found; its name is added by whoever runs it. */
export type Finding = Omit<Check, 'name'>

export function ok(text: string): Finding {
  return { status: 'ok', text, fix: null }
}

/** It works, but not for long or not as well as it could. */
export function warn(text: string, fix: string): Finding {
  return { status: 'warn', text, fix }
}

/** Sandboxes cannot be had, or not safely, until this is put right. */
export function bad(text: string, fix: string): Finding {
  return { status: 'fail', text, fix }
}

/** There is nothing to measure here, or nothing that anybody needs. */
export function skip(text: string): Finding {
  return { status: 'skip', text, fix: null }
}

/** A check that threw: the error says what was measured and what helps. */
export function ofError(thrown: unknown): Finding {
  const error = asBerthError(thrown)
  return bad(error.message, error.next)
}

/** The worst of several findings about one thing, with all that is wrong in its text; all fine: their texts together. */
export function together(findings: readonly Finding[]): Finding {
  const rank = (status: Check['status']) => ['skip', 'ok', 'warn', 'fail'].indexOf(status)
  const worst = findings.reduce((a, b) => (rank(b.status) > rank(a.status) ? b : a), findings[0] ?? skip('Nothing to measure.'))
  const telling = worst.status === 'warn' || worst.status === 'fail' ? findings.filter(({ fix }) => fix !== null) : findings
  const fixes = [...new Set(telling.flatMap(({ fix }) => fix ?? []))]
  return { status: worst.status, text: telling.map(({ text }) => text).join(' '), fix: fixes.length === 0 ? null : fixes.join('\n') }
}

/** One thing a sandbox needs. What throws becomes a failed check; the signal says that nobody waits any more. */
export interface DoctorCheck {
  readonly name: string
  readonly run: (see: Surroundings, signal: AbortSignal) => Promise<Finding>
}
