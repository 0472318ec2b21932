/**
 * A bash command line that runs exactly these words: nothing in them is expanded, split or read by the shell. The first
 * word is always quoted, so that `time` and `if` are programs and not bash's own words.
 */
export function quote(argv: readonly string[]): string {
  return argv.map((word, at) => (at > 0 && /^[A-Za-z0-9_@%+:,./-]+$/.test(word) ? word : single(word))).join(' ')
}

function single(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
