import path from 'node:path'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fail } from '../../../../shared/errors.ts'
import { onlyMethods, type Route } from '../../http/route.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}

/** What the page may load and do: its own files and its own socket. Styles are inline in xterm alone. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * The screens, for a browser: the files of out/renderer, public as they say nothing of this Berth. Who may see more is
 * decided on the socket. Framed by nobody.
 */
export function uiRoute(deps: { directory: string }): Route {
  let files: Promise<ReadonlyMap<string, PageFile>> | null = null
  return {
    takes: ({ path: asked }) => asked === '/' || asked === '/index.html' || /^\/(?:assets\/)?[\w.-]+\.(?:js|css|svg|png|woff2|txt|webmanifest)$/.test(asked),
    open: () => true,
    async answer(exchange) {
      const { target, request, response } = exchange
      onlyMethods(exchange, 'GET')
      const all = await (files ??= readPage(deps.directory))
      const name = target.path === '/' ? '/index.html' : target.path
      const file = all.get(name)
      if (!file) {
        // Perhaps it is being built: look again next time.
        if (!all.has('/index.html')) files = null
        throw fail('NO_SUCH_CALL', all.has('/index.html') ? 'There is no such file' : 'The screens are not built', {
          next: all.has('/index.html') ? 'Open / in a browser.' : 'Build them: npm run build',
        })
      }
      const { bytes, coding, tag } = formFor(file, request.headers['accept-encoding'])
      const headers = {
        'content-type': types[path.extname(name)] ?? 'application/octet-stream',
        'content-security-policy': pagePolicy,
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), clipboard-read=(self), clipboard-write=(self)',
        // Names in assets/ carry a hash of what is in them; the others are asked for anew, and seldom sent again.
        'cache-control': name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        vary: 'Accept-Encoding',
        etag: tag,
        ...(coding === null ? {} : { 'content-encoding': coding }),
      }
      if (isKnown(tag, request.headers['if-none-match'])) {
        response.writeHead(304, headers)
        response.end()
        return
      }
      response.writeHead(200, { ...headers, 'content-length': bytes.byteLength })
      response.end(bytes)
    },
  }
}

/** How a file may travel, the smallest first, and the ending that `npm run build` gives it beside the plain one. */
const codings = [
  { name: 'br', ending: '.br' },
  { name: 'gzip', ending: '.gz' },
] as const
type Coding = (typeof codings)[number]['name']

/** One file of the page. */
interface PageFile {
  readonly plain: Buffer
  readonly packed: ReadonlyMap<Coding, Buffer>
  /** Of its plain content. */
  readonly digest: string
}

/** Read once, by their names in a URL: a few files, and none is ever looked up by a path that came from outside. */
async function readPage(directory: string): Promise<ReadonlyMap<string, PageFile>> {
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
function formFor(file: PageFile, accept: string | undefined): { bytes: Buffer; coding: Coding | null; tag: string } {
  const allowed = accepted(accept)
  for (const { name } of codings) {
    const bytes = file.packed.get(name)
    if (bytes && allowed(name)) return { bytes, coding: name, tag: `"${file.digest}-${name}"` }
  }
  return { bytes: file.plain, coding: null, tag: `"${file.digest}"` }
}

/** Whether a client has this form already: `If-None-Match` names its tag, compared weakly (RFC 9110 13.1.2). */
function isKnown(tag: string, ifNoneMatch: string | undefined): boolean {
  return (ifNoneMatch ?? '')
    .split(',')
    .map((it) => it.trim().replace(/^W\//, ''))
    .some((it) => it === '*' || it === tag)
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
