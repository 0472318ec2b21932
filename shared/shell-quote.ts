/** One word for a POSIX shell, which expands, splits and reads nothing in it. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** The same for people, who read a plain word more easily: what no shell reads stays as it is. Not for a line's first: `time` is bash's own. */
export function shellWord(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : quoted(word)
}

/**
 * A bash command line that runs exactly these words: nothing in them is expanded, split or read by the shell. The first
 * word is always quoted, so that `time` and `if` are programs and not bash's own words.
 */
export function shellLine(argv: readonly string[]): string {
  return argv.map((word, at) => (at === 0 ? quoted(word) : shellWord(word))).join(' ')
}
