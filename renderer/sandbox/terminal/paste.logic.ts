/** Characters of one `input`; a frame holds a mebibyte at most. */
export const pasteChunk = 16_384
/** Longer texts are asked about, bracketed or not. Characters. */
export const longPaste = 262_144

// oxlint-disable-next-line no-control-regex -- controls are what it is about
const controls = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]/g

/** Whether a paste has to be asked about: each of its lines would run at once where the program does not say that it can tell a paste. */
export function asksBefore(text: string, bracketed: boolean): 'lines' | 'long' | null {
  if (!bracketed && /[\r\n]/.test(text)) return 'lines'
  return text.length > longPaste ? 'long' : null
}

/**
 * What is typed for a paste: line ends as the Enter key has them, and no control characters: an escape in it could end the brackets
 * (xterm, "Bracketed paste mode", 200 and 201) or steer the terminal.
 */
export function pastedText(text: string, bracketed: boolean): string {
  const clean = text.replace(/\r\n?|\n/g, '\r').replace(controls, '')
  return bracketed ? `\u001b[200~${clean}\u001b[201~` : clean
}

export function lineCount(text: string): number {
  const lines = text.split(/\r\n?|\n/)
  return lines.length > 1 && lines.at(-1) === '' ? lines.length - 1 : lines.length
}

/** In pieces, none of which ends within a surrogate pair. */
export function chunksOf(text: string, size = pasteChunk): string[] {
  const chunks: string[] = []
  for (let from = 0; from < text.length;) {
    let to = Math.min(text.length, from + size)
    const code = text.charCodeAt(to - 1)
    if (to < text.length && code >= 0xd800 && code <= 0xdbff) to -= 1
    if (to === from) to = Math.min(text.length, from + 2)
    chunks.push(text.slice(from, to))
    from = to
  }
  return chunks
}
