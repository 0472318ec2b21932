import path from 'node:path'
import { fail } from '../../../shared/errors.ts'
import { onlyMethods, type Route } from '../route.ts'
import { formFor, isKnown, type PageFile, readPage } from '../ui/page-files.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml',
  '.png': 'image/png', '.json': 'application/json', '.woff2': 'font/woff2', '.txt': 'text/plain; charset=utf-8', '.webmanifest': 'application/manifest+json',
}

/** What the page may load and do: its own files and its own socket. Styles are inline in xterm alone. */
export const pagePolicy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "connect-src 'self'", "font-src 'self'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
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
        'vary': 'Accept-Encoding',
        'etag': tag,
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
