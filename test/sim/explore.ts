import { generate, type History } from './actions.ts'
import { runHistory, type Outcome } from './run.ts'

/** `a..b` or one number. */
export function seedRange(text: string): [number, number] {
  const [from = '', to = from] = text.split('..')
  const range: [number, number] = [Number(from), Number(to)]
  if (!range.every(Number.isInteger) || range[1] < range[0]) throw new Error(`SIM_SEEDS must be a..b, not ${text}`)
  return range
}

/** What a violation is about, whatever its names and times. */
export const kindOf = (violation: string): string => violation.replaceAll(/[0-9a-f]{6,}|[\d.]+|h\d|t\d/g, '#').slice(0, 90)

/** Leaves out steps as long as what remains still ends in the same kind of violation. */
export async function shrink(history: History, budget = 300): Promise<{ history: History; outcome: Outcome }> {
  let best = { history, outcome: await runHistory(history) }
  const kind = kindOf(best.outcome.violation ?? '')
  let runs = 0
  for (let size = Math.ceil(history.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.history.steps.length && runs < budget;) {
      const steps = best.history.steps.toSpliced(at, size)
      const outcome = await runHistory({ ...best.history, steps })
      runs += 1
      if (outcome.violation !== null && kindOf(outcome.violation) === kind) best = { history: { ...best.history, steps }, outcome }
      else at += size
    }
  }
  return best
}

/** A report for a person: the seed, what broke, the shortest history found, and its trace. */
export async function explain(seed: number): Promise<string> {
  const { history, outcome } = await shrink(generate(seed))
  return [
    `seed ${seed}: ${outcome.violation ?? 'no violation'}`,
    `run it again: SIM_SEEDS=${seed}..${seed}`,
    `shortest history that still shows it (${history.steps.length} steps):`,
    ...history.steps.map(({ action, wait }) => `  ${JSON.stringify(action)} then ${wait.toFixed(0)} ms`),
    'its trace:',
    ...outcome.trace.slice(-150),
  ].join('\n')
}
