import type { z } from 'zod'
import type { CallRow } from '../../shared/call.ts'
import { fail } from '../../shared/errors.ts'

interface Problem { readonly path: string; readonly problem: string }

/** Validates a call's raw input and fills in its defaults; BAD_INPUT says what is wrong with which field. */
export function parseInput(name: string, row: Pick<CallRow, 'input'>, raw: unknown): unknown {
  const parsed = row.input.safeParse(raw ?? {})
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.flatMap(problemsOf)
  throw fail('BAD_INPUT', `${name}: ${problems.map(sentence).join('; ')}`, {
    next: `Correct ${problems.length === 1 ? 'it' : 'them'} and call again; /openapi.json describes every call.`,
    details: { problems },
  })
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: path === '' ? key : `${path}.${key}`, problem: 'there is no such field' }))
  }
  if (issue.code === 'invalid_union') {
    const words = new Set(issue.errors.flat().map((inner) => plain(inner.message)))
    return [{ path, problem: [...words].join(' or ') || plain(issue.message) }]
  }
  return [{ path, problem: plain(issue.message) }]
}

/** zod's `Invalid input: expected string, received undefined`, as a person would say it. */
function plain(message: string): string {
  return message
    .replace(/^Invalid (?:input|option): /, '')
    .replace(/^expected (.+), received undefined$/, 'is missing (expected $1)')
}

function sentence(it: Problem): string {
  return it.path === '' ? it.problem : `\`${it.path}\`: ${it.problem}`
}
