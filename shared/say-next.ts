import type { Named, NextAcquire } from './next.ts'
import type { Check } from './calls/house-calls.ts'

/**
 * Characters that would hide what a text is, or be obeyed by a terminal: controls, and what turns the direction of text or
 * joins unseen (Unicode's Bidi_Control and Default_Ignorable in the ranges that matter), line separators, and lone surrogates.
 */
export const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0]|\u034f|\u17b4|\u17b5/gu

/** A text in which everything can be seen and nothing acts: what could not is written as `\x1b` or `\u{202e}`. `keep`: but not these. */
export function shownText(text: string, keep = ''): string {
  return text.replace(hidden, (one) => {
    if (keep.includes(one)) return one
    const code = one.codePointAt(0) ?? 0
    if (one === '\n') return '\\n'
    if (one === '\t') return '\\t'
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/** A part of a sentence; names stand out. */
export interface Said {
  readonly text: string
  readonly name?: true
}

/** How numbers are written where it is said. */
export interface Numbers {
  number(value: number): string
  /** `1 other`, `3 others`. */
  count(value: number, one: string): string
}

/** As English has them, for whoever knows no locale. */
export const plainNumbers: Numbers = { number: String, count: (value, one) => `${value} ${one}${value === 1 ? '' : 's'}` }

/** What a sandbox is called where there is room for one name. */
export function nameOf({ id, thread }: Pick<Named, 'id' | 'thread'>): string {
  return thread ?? (id === '' ? 'another sandbox' : `anonymous ${id.slice(0, 8)}`)
}

/** What the next acquire does, before it is made: one sentence for screens and shells. */
export function sayNext(next: NextAcquire, replicas: number, { number, count }: Numbers = plainNumbers): Said[] {
  const start = (slot: boolean) => (slot ? 'The next new thread takes a slot' : 'The next new thread starts cold')
  switch (next.kind) {
    case 'engine':
      return [{ text: next.none ? 'New threads wait until something can run them.' : 'New threads wait for the engine.' }]
    case 'room':
      return [{ text: `${start(next.slot)}; there is room for ${number(next.room)}.` }]
    case 'evicts': {
      const [first, ...rest] = next.who
      if (first === undefined) return [{ text: `${start(next.slot)}, in the place of one that is stopping.` }]
      return [
        { text: `${start(next.slot)}, and ` },
        { text: nameOf(first), name: true },
        { text: rest.length === 0 ? ' is evicted.' : ` and ${count(rest.length, 'other')} are evicted.` },
      ]
    }
    case 'over':
      return [{ text: `All are in use. ${start(next.slot)}, as number ${number(next.nth)} of ${number(replicas)}.` }]
    case 'waits':
      return [
        {
          text:
            next.ahead === 0
              ? 'All are in use: the next new thread waits for a place.'
              : `All are in use: the next new thread waits, with ${number(next.ahead)} ahead.`,
        },
      ]
    case 'refused':
      return [{ text: 'All are in use: the next new thread is refused.' }]
  }
}

export const textOf = (said: readonly Said[]): string => said.map(({ text }) => text).join('')

/** What the doctor found, in one sentence that is true to all of it. */
export function sayDoctor(checks: readonly Pick<Check, 'status'>[]): string {
  const count = (wanted: Check['status']) => checks.filter(({ status }) => status === wanted).length
  const [wrong, doubtful] = [count('fail'), count('warn')]
  const looks = doubtful === 0 ? '' : `${doubtful} ${doubtful === 1 ? 'thing is' : 'things are'} worth a look`
  if (wrong > 0) return `${wrong} ${wrong === 1 ? 'thing that is needed is' : 'things that are needed are'} missing${looks === '' ? '' : `, and ${looks}`}.`
  return looks === '' ? 'All that is needed is there.' : `All that is needed is there; ${looks}.`
}
