/** A bash command line that runs exactly these words: nothing in them is expanded, split or read by the shell. */
export function quote(argv: readonly string[]): string {
  return argv.map((word) => (/^[A-Za-z0-9_@%+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ')
}
