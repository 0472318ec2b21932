import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { fail } from '../../../shared/errors.ts'
import type { Route } from '../route.ts'

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
  let files: Promise<ReadonlyMap<string, Buffer>> | null = null
  return {
    takes: ({ path: asked }) => asked === '/' || asked === '/index.html' || /^\/(?:assets\/)?[\w.-]+\.(?:js|css|svg|png|woff2|txt|webmanifest)$/.test(asked),
    open: () => true,
    async answer({ method, target, response }) {
      if (method !== 'GET' && method !== 'HEAD') {
        response.setHeader('allow', 'GET, HEAD')
        throw fail('METHOD_NOT_ALLOWED', `${method} is not for a page`, { next: 'Use GET.' })
      }
      const all = await (files ??= readAll(deps.directory))
      const name = target.path === '/' ? '/index.html' : target.path
      const bytes = all.get(name)
      if (!bytes) {
        // Perhaps it is being built: look again next time.
        if (!all.has('/index.html')) files = null
        throw fail('NO_SUCH_CALL', all.has('/index.html') ? 'There is no such file' : 'The screens are not built', {
          next: all.has('/index.html') ? 'Open / in a browser.' : 'Build them: npm run build',
        })
      }
      response.writeHead(200, {
        'content-type': types[path.extname(name)] ?? 'application/octet-stream',
        'content-length': bytes.byteLength,
        'content-security-policy': pagePolicy,
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), clipboard-read=(self), clipboard-write=(self)',
        // Names in assets/ carry a hash of what is in them.
        'cache-control': name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-store',
      })
      response.end(method === 'HEAD' ? undefined : bytes)
    },
  }
}

/** Read once: a few files, and none is ever looked up by a path that came from outside. */
async function readAll(directory: string): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>()
  for (const entry of await list(directory)) {
    const name = `/${path.relative(directory, entry).split(path.sep).join('/')}`
    found.set(name, await readFile(entry))
  }
  return found
}

async function list(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []) // not built: the route says so
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
}
