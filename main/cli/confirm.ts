import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { fail } from '../../shared/errors.ts'
import { shownText } from '../../shared/shown-text.ts'
import type { Cli } from './cli.ts'

/** Asks before something that cannot be undone. Without a terminal nobody can answer: then it takes `--yes`. */
export async function confirm(cli: Cli, yes: boolean | undefined, question: string, expected = 'y'): Promise<void> {
  if (yes) return
  const { stdin, stderr } = cli.io
  if (!stdin.isTTY || !stderr.isTTY || cli.json) {
    throw fail('BAD_INPUT', `${question} Nobody can be asked here`, { next: 'Add --yes if that is what you want.' })
  }
  const choice = expected === 'y' ? '[y/N]' : `Type ${expected}:`
  const answer = await ask(cli, shownText(`${question} ${choice} `))
  if (answer !== expected.toLowerCase() && !(expected === 'y' && answer === 'yes')) {
    throw fail('CANCELLED', 'Nothing was done', { next: `Answer ${expected}, or add --yes.` })
  }
}

/** What was answered, in lower case; Ctrl-C and the end of the input are no answer. */
async function ask(cli: Cli, question: string): Promise<string> {
  const prompt = createInterface({ input: cli.io.stdin, output: cli.io.stderr })
  try {
    // At the end of the input the question itself stays open for ever.
    const ended = once(prompt, 'close').then(() => '')
    return (await Promise.race([prompt.question(question, { signal: cli.signal }), ended])).trim().toLowerCase()
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'AbortError') return ''
    throw thrown
  } finally {
    prompt.close()
  }
}
