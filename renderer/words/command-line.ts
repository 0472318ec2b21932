/** Words as a POSIX shell takes them. */
export function commandLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w./~+:@%=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ')
}
