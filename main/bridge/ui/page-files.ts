import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'

/** How a file may travel, the smallest first, and the ending that `npm run build` gives it beside the plain one. */
const codings = [{ name: 'br', ending: '.br' }, { name: 'gzip', ending: '.gz' }] as const
type Coding = (typeof codings)[number]['name']

/** One file of the page. */
export interface PageFile {
  readonly plain: Buffer
  readonly packed: ReadonlyMap<Coding, Buffer>
  /** Of its plain content. */
  readonly digest: string
}

/** Read once, by their names in a URL: a few files, and none is ever looked up by a path that came from outside. */
export async function readPage(directory: string): Promise<ReadonlyMap<string, PageFile>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []) // not built: the route says so
  const bytes = new Map<string, Buffer>()
  for (const entry of entries.filter((it) => it.isFile())) {
    const place = path.join(entry.parentPath, entry.name)
    bytes.set(`/${path.relative(directory, place).split(path.sep).join('/')}`, await readFile(place))
  }
  const files = new Map<string, PageFile>()
  for (const [name, plain] of bytes) {
    if (codings.some(({ ending }) => name.endsWith(ending))) continue
    const packed = codings.flatMap(({ name: coding, ending }) => {
      const found = bytes.get(name + ending)
      return found ? [[coding, found] as const] : []
    })
    files.set(name, { plain, packed: new Map(packed), digest: createHash('sha256').update(plain).digest('base64url').slice(0, 22) })
  }
  return files
}

/** A file as it is sent to whoever accepts this; `coding` null: plain. Each form has a tag of its own, as it has bytes of its own. */
export function formFor(file: PageFile, accept: string | undefined): { bytes: Buffer; coding: Coding | null; tag: string } {
  const allowed = accepted(accept)
  for (const { name } of codings) {
    const bytes = file.packed.get(name)
    if (bytes && allowed(name)) return { bytes, coding: name, tag: `"${file.digest}-${name}"` }
  }
  return { bytes: file.plain, coding: null, tag: `"${file.digest}"` }
}

/** Whether a client has this form already: `If-None-Match` names its tag, compared weakly (RFC 9110 13.1.2). */
export function isKnown(tag: string, ifNoneMatch: string | undefined): boolean {
  return (ifNoneMatch ?? '').split(',').map((it) => it.trim().replace(/^W\//, '')).some((it) => it === '*' || it === tag)
}

/** `Accept-Encoding` (RFC 9110 12.5.3): what is not named counts as `*`, and `q=0` is a refusal. */
function accepted(header: string | undefined): (coding: string) => boolean {
  const weights = new Map<string, number>()
  for (const part of (header ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((it) => it.trim())
    const weight = parameters.find((it) => it.startsWith('q='))?.slice(2)
    if (name !== '') weights.set(name, weight === undefined ? 1 : Number(weight))
  }
  return (coding) => (weights.get(coding) ?? weights.get('*') ?? 0) > 0
}
