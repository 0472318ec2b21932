import type { Check } from './calls/house-calls.ts'

/** What the doctor found, in one sentence that is true to all of it. */
export function sayDoctor(checks: readonly Pick<Check, 'status'>[]): string {
  const count = (wanted: Check['status']) => checks.filter(({ status }) => status === wanted).length
  const [wrong, doubtful] = [count('fail'), count('warn')]
  const looks = doubtful === 0 ? '' : `${doubtful} ${doubtful === 1 ? 'thing is' : 'things are'} worth a look`
  if (wrong > 0) return `${wrong} ${wrong === 1 ? 'thing that is needed is' : 'things that are needed are'} missing${looks === '' ? '' : `, and ${looks}`}.`
  return looks === '' ? 'All that is needed is there.' : `All that is needed is there; ${looks}.`
}
