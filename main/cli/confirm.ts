import { createInterface } from 'node:readline/promises'
import { fail } from '../../shared/errors.ts'
import type { Cli } from './cli.ts'

/** Asks before something that cannot be undone. Without a terminal nobody can answer: then it takes `--yes`. */
export async function confirm(cli: Cli, yes: boolean | undefined, question: string, expected = 'y'): Promise<void> {
  if (yes) return
  const { stdin, stderr } = cli.io
  if (!stdin.isTTY || !stderr.isTTY || cli.json) {
    throw fail('BAD_INPUT', `${question} Nobody can be asked here`, { next: 'Add --yes if that is what you want.' })
  }
  const prompt = createInterface({ input: stdin, output: stderr })
  try {
    const answer = await prompt.question(`${question} ${expected === 'y' ? '[y/N]' : `Type ${expected}:`} `, { signal: cli.signal })
    if (answer.trim().toLowerCase() !== expected.toLowerCase() && !(expected === 'y' && answer.trim().toLowerCase() === 'yes')) {
      throw fail('CANCELLED', 'Nothing was done', { next: 'Answer y, or add --yes.' })
    }
  } finally {
    prompt.close()
  }
}
