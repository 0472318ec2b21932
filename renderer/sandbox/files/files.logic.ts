import type { MountRow } from '../../../shared/calls/desktop-calls.ts'
import { hidden, shownText } from '../../../shared/say-next.ts'

export type Content = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'image'; readonly type: string } | { readonly kind: 'binary' }

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

/** A name in which everything can be seen. */
export const shownName = (name: string): string => shownText(name)

/** A name for a file on this computer. */
export function savedName(name: string): string {
  const clean = name
    .replace(hidden, '')
    .replace(/[/\\:*?"<>|]/g, '_')
    .replace(/^[. ]+|[. ]+$/g, '')
  return clean === '' ? 'file' : clean.slice(0, 200)
}

export type Mount = Pick<MountRow, 'host' | 'container' | 'mode' | 'kind'>

export interface Place {
  /** The mount that holds it; null: it is in the sandbox only, and ends with it. */
  readonly mount: Mount | null
  /** Where it is on the engine's host; null without a mount. */
  readonly host: string | null
}

/** `/` and every directory on the way, the last being the path itself. */
export function crumbsOf(path: string): { name: string; path: string }[] {
  const words = path.split('/').filter((word) => word !== '')
  return [{ name: '/', path: '/' }, ...words.map((name, at) => ({ name, path: `/${words.slice(0, at + 1).join('/')}` }))]
}

export function parentOf(path: string): string | null {
  const crumbs = crumbsOf(path)
  return crumbs.at(-2)?.path ?? null
}

export function joined(directory: string, name: string): string {
  return `${directory.replace(/\/+$/, '')}/${name}`
}

/** Which mount a path is in (the innermost), and so where it is on the host. */
export function placeOf(path: string, mounts: readonly Mount[]): Place {
  const inside = mounts
    .filter(({ container }) => path === container || path.startsWith(`${container.replace(/\/+$/, '')}/`))
    .reduce<Mount | null>((best, one) => (best === null || one.container.length > best.container.length ? one : best), null)
  if (inside === null) return { mount: null, host: null }
  const rest = path.slice(inside.container.replace(/\/+$/, '').length)
  // The engine's host may write its paths the other way.
  const windows = /^[A-Za-z]:\\|^\\\\/.test(inside.host)
  return { mount: inside, host: inside.host.replace(/[/\\]+$/, '') + (windows ? rest.replaceAll('/', '\\') : rest) }
}

/** A thread's own directory that is this path, which the shell may open. */
export function ownDirectory(path: string, mounts: readonly Mount[]): 'workspace' | 'uploads' | 'outputs' | null {
  const kind = mounts.find(({ container }) => container === path)?.kind
  return kind === 'workspace' || kind === 'uploads' || kind === 'outputs' ? kind : null
}

/** Where the files of a sandbox are looked at first. */
export function firstPath(mounts: readonly Mount[]): string {
  return mounts.find(({ kind }) => kind === 'workspace')?.container ?? '/mnt/user-data/workspace'
}

export interface FileRow {
  readonly name: string
  readonly path: string
  readonly directory: boolean
  readonly size: number | null
  readonly modified_at: string | null
}

export interface FileSort {
  readonly by: 'name' | 'size' | 'changed'
  readonly up: boolean
}

/** The files as they are listed: directories first, numbers in names by their value; equal ones by name. */
export function sorted(files: readonly FileRow[], { by, up }: FileSort, hidden: boolean, compare: (a: string, b: string) => number): FileRow[] {
  const sign = up ? 1 : -1
  return files
    .filter(({ name }) => hidden || !name.startsWith('.'))
    .sort((a, b) => {
      if (a.directory !== b.directory) return a.directory ? -1 : 1
      const first =
        by === 'size'
          ? (a.size ?? -1) - (b.size ?? -1)
          : by === 'changed'
            ? Date.parse(a.modified_at ?? '1970-01-01') - Date.parse(b.modified_at ?? '1970-01-01')
            : compare(a.name, b.name)
      return first === 0 ? compare(a.name, b.name) : first * sign
    })
}

/** What a click on a head asks for: biggest and newest first, names from the beginning; a second click turns it round. */
export function sortedBy(sort: FileSort, by: FileSort['by']): FileSort {
  return sort.by === by ? { by, up: !sort.up } : { by, up: by === 'name' }
}
