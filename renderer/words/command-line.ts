import { shellWord } from '../../shared/shell-quote.ts'

/** Words as a POSIX shell takes them. */
export function commandLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ')
}
