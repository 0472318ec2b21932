/** What a terminal has printed, for whoever looks later: bounded, its beginning cut at the end of a line. */
export interface History {
  add(text: string): void
  clear(): void
  text(): string
  /** The beginning is gone. */
  cut(): boolean
}

export function history(limit: number): History {
  let parts: string[] = []
  let length = 0
  let cut = false
  return {
    add(text) {
      parts.push(text)
      length += text.length
      if (length <= limit * 1.5) return
      const all = parts.join('')
      const rest = all.slice(all.length - limit)
      // In the middle of an escape sequence it would be shown as text.
      const line = rest.indexOf('\n')
      parts = [line < 0 ? rest : rest.slice(line + 1)]
      length = parts[0]?.length ?? 0
      cut = true
    },
    clear() {
      parts = []
      length = 0
      cut = false
    },
    text: () => parts.join(''),
    cut: () => cut,
  }
}
