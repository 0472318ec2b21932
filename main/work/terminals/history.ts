/** What a terminal has printed, for whoever looks later: bounded, its beginning cut at the end of a line. */
export interface History {
  add(text: string): void
  text(): string
  /** The beginning is gone. */
  cut(): boolean
}

/** `limit`: characters kept at least, and half as much again at most. */
export function history(limit: number): History {
  let parts: string[] = []
  let length = 0
  let cut = false
  return {
    add(text) {
      parts.push(text)
      length += text.length
      if (length <= limit * 1.5) return
      parts = [tail(parts.join(''), limit)]
      length = parts[0]?.length ?? 0
      cut = true
    },
    text() {
      if (parts.length > 1) parts = [parts.join('')]
      return parts[0] ?? ''
    },
    cut: () => cut,
  }
}

/**
 * The last `limit` characters or somewhat fewer: from the beginning of a line or, in a screen that has none, of an escape
 * sequence. In the middle of one its rest would be shown as text.
 */
export function tail(text: string, limit: number): string {
  if (text.length <= limit) return text
  const rest = text.slice(text.length - limit)
  const line = rest.indexOf('\n')
  if (line >= 0 && line < limit / 2) return rest.slice(line + 1)
  const escape = rest.indexOf('\u001B')
  if (escape >= 0 && escape < limit / 2) return rest.slice(escape)
  return line >= 0 ? rest.slice(line + 1) : withoutHalf(rest)
}

/** Characters that must be found again, to know where what was told twice ends. */
const known = 2048

/**
 * What is new in a text that a sandbox tells after a reconnect: some keep the last of what was printed and begin with
 * that, some begin with what comes next.
 */
export function unheard(past: string, told: string): string {
  const end = past.slice(-known)
  if (end === '') return told
  const at = told.lastIndexOf(end)
  return at < 0 ? told : told.slice(at + end.length)
}

/** In parts of at most `size`, no character cut in two. */
export function* inParts(text: string, size: number): Generator<string> {
  for (let at = 0; at < text.length;) {
    const end = Math.min(at + size, text.length)
    const whole = end < text.length && isHighHalf(text, end - 1) ? end - 1 : end
    yield text.slice(at, whole)
    at = whole
  }
}

function withoutHalf(text: string): string {
  return /^[\uDC00-\uDFFF]/.test(text) ? text.slice(1) : text
}

function isHighHalf(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 0xd800 && code <= 0xdbff
}
