/** Some lines of a text, each with its end, and how many lines there are in all. */
export function linesOf(text: string, first: number, count: number): { text: string; total: number } {
  let line = 1
  let start = first === 1 ? 0 : text.length
  let end = text.length
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    line++
    if (line === first) start = at + 1
    if (line === first + count) end = at + 1
  }
  // A line end at the very end begins no further line.
  const total = text === '' ? 0 : text.endsWith('\n') ? line - 1 : line
  return { text: text.slice(start, Math.max(start, end)), total }
}
