import type { Terminal } from '../../../shared/terminal.ts'

/** The session to show: the one asked for if it is there, else the newest that goes on, else the newest. */
export function sessionToShow(terminals: readonly Terminal[], asked: string | null): Terminal | null {
  const found = terminals.find(({ id }) => id === asked)
  if (found) return found
  const newest = (some: readonly Terminal[]) =>
    some.reduce<Terminal | null>((best, one) => (best === null || one.created_at >= best.created_at ? one : best), null)
  return newest(terminals.filter(({ ended }) => ended === null)) ?? newest(terminals)
}

/** The session to go to when one is closed: its right neighbour, else its left one. */
export function afterClose(terminals: readonly Terminal[], closed: string): string | null {
  const at = terminals.findIndex(({ id }) => id === closed)
  return terminals[at + 1]?.id ?? terminals[at - 1]?.id ?? null
}

/** What was kept of the terminal that was looked at last: `INSTANCE ID`; null: nothing that can be read. */
export function lookedAt(kept: string | null): { readonly instance: string; readonly terminal: string } | null {
  const [instance, terminal] = kept?.split(' ') ?? []
  return instance === undefined || terminal === undefined ? null : { instance, terminal }
}

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

export interface TerminalKey {
  readonly key: string
  readonly ctrl: boolean
  readonly meta: boolean
  readonly shift: boolean
  readonly alt: boolean
}

export type TerminalAction = 'copy' | 'paste' | 'find' | 'app' | null

/** Whose a key is in a focused terminal: Ctrl+Shift (⌘ on a Mac) is ours, everything else the program's (null). */
export function actionOf({ key, ctrl, meta, shift, alt }: TerminalKey, mac: boolean): TerminalAction {
  const ours = mac ? meta && !ctrl && !alt : ctrl && shift && !alt && !meta
  if (!ours) return null
  const letter = key.toLowerCase()
  if (mac && shift) return 'app'
  if (letter === 'c') return 'copy'
  if (letter === 'v') return 'paste'
  if (letter === 'f') return 'find'
  return key.length === 1 || mac ? 'app' : null
}

// oxlint-disable-next-line no-control-regex -- these are the terminal's own words
const reports = /^\x1b\[(?:[IO]|\?997;[12]n)$/

/** Reports that a terminal makes on its own, not in answer to a query: the focus came or went (CSI I, CSI O), the theme changed (CSI ? 997 n). */
export function isReport(data: string): boolean {
  return reports.test(data)
}

export interface Target {
  /** As it will be opened. */
  readonly href: string
  /** Host and port: what one looks at. */
  readonly host: string
  /** Odd enough to be said: a name in the address that is no host, or a host in another script. */
  readonly odd: 'login' | 'script' | null
  /** The machine that prints it means itself. */
  readonly own: boolean
}

/** `localhost`, a loopback address, or the one that stands for every address of a machine, as `URL` writes them. */
function isOwn(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname.startsWith('127.') || ['0.0.0.0', '[::]', '[::1]'].includes(hostname)
}

/** Where a link in a terminal really leads; null: nowhere that Berth goes. The program chose its text, so only the address counts. */
export function targetOf(uri: string): Target | null {
  if (uri.length > 4096 || !URL.canParse(uri)) return null
  const url = new URL(uri)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null
  const odd = url.username !== '' || url.password !== '' ? 'login' : url.hostname.split('.').some((label) => label.startsWith('xn--')) ? 'script' : null
  return { href: url.href, host: url.host, odd, own: isOwn(url.hostname) }
}
