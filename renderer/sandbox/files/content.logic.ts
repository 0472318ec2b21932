export type Content =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly type: string }
  | { readonly kind: 'binary' }

/** Larger files are downloaded, not shown. Bytes. */
export const mostShown = 2 * 1024 * 1024

/** What to show of a file, by its bytes and never by its name: an SVG or HTML is text. */
export function contentOf(bytes: Uint8Array): Content {
  const type = imageType(bytes)
  if (type !== null) return { kind: 'image', type }
  const head = bytes.subarray(0, 8192)
  if (head.includes(0)) return { kind: 'binary' }
  const text = new TextDecoder('utf-8').decode(bytes)
  const bad = text.slice(0, 8192).split('\ufffd').length - 1
  // A few broken characters are a text in another encoding; many are no text.
  return bad > Math.max(4, Math.min(8192, text.length) / 20) ? { kind: 'binary' } : { kind: 'text', text }
}

/** The four kinds of picture that a page may show, by their first bytes; SVG is not one: it is a document. */
export function imageType(bytes: Uint8Array): 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp' | null {
  const starts = (at: number, ...wanted: number[]) => wanted.every((byte, step) => bytes[at + step] === byte)
  if (starts(0, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'image/png'
  if (starts(0, 0xff, 0xd8, 0xff)) return 'image/jpeg'
  if (starts(0, 0x47, 0x49, 0x46, 0x38) && (bytes[4] === 0x37 || bytes[4] === 0x39) && bytes[5] === 0x61) return 'image/gif'
  if (starts(0, 0x52, 0x49, 0x46, 0x46) && starts(8, 0x57, 0x45, 0x42, 0x50)) return 'image/webp'
  return null
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))
}

/** Lines of a text, each cut; a file of very many is cut too. `rest`: lines left out. */
export function linesOf(text: string, most = 20_000, longest = 4000): { lines: string[]; rest: number } {
  const all = text.split('\n')
  if (all.length > 1 && all.at(-1) === '') all.pop()
  return { lines: all.slice(0, most).map((line) => shortened(line.replace(/\r$/, ''), longest)), rest: Math.max(0, all.length - most) }
}

function shortened(line: string, longest: number): string {
  return line.length > longest ? `${line.slice(0, longest)} … (${line.length - longest} more characters)` : line
}
