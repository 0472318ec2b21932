import { readFile } from 'node:fs/promises'
import path from 'node:path'
import react from '@vitejs/plugin-react'
import { build } from 'vite'

const renderer = path.resolve(import.meta.dirname, '../../../renderer')

/** Under which the page is said to be; nothing listens there, its files come from memory. */
export const galleryOrigin = 'http://berth.localhost'

export interface GalleryFile { readonly type: string; readonly body: string | Buffer }

const types: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' }

/** `production`: as people get it; `development`: with React's own warnings, and several times slower to draw. */
export type GalleryMode = 'development' | 'production'

/** The renderer with gallery.tsx as its entry, built into memory: about a second. By path below the origin. Without `mode`, by NODE_ENV. */
export async function buildGallery(entry = 'gallery.tsx', mode?: GalleryMode): Promise<ReadonlyMap<string, GalleryFile>> {
  const before = process.env['NODE_ENV']
  // What Vite goes by; nothing else looks at it meanwhile.
  if (mode !== undefined) process.env['NODE_ENV'] = mode
  try {
    return await buildIn(entry)
  } finally {
    if (before === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = before
  }
}

async function buildIn(entry: string): Promise<ReadonlyMap<string, GalleryFile>> {
  const built = await build({
    root: renderer,
    configFile: false,
    base: './',
    logLevel: 'error',
    plugins: [
      react(),
      { name: 'gallery-entry', transformIndexHtml: { order: 'pre', handler: (html: string) => html.replace('./main.tsx', `../test/support/ui/${entry}`) } },
    ],
    build: { write: false, minify: false, target: 'chrome140', assetsInlineLimit: 0, chunkSizeWarningLimit: 10_000, modulePreload: { polyfill: false } },
  })
  const files = new Map<string, GalleryFile>()
  for (const output of Array.isArray(built) ? built : [built]) {
    if (!('output' in output)) continue
    for (const file of output.output) {
      files.set(`/${file.fileName}`, { type: types[path.extname(file.fileName)] ?? 'application/octet-stream', body: file.type === 'chunk' ? file.code : Buffer.from(file.source) })
    }
  }
  for (const name of ['icon.svg', 'first-paint.js']) files.set(`/${name}`, { type: types[path.extname(name)] ?? '', body: await readFile(path.join(renderer, 'public', name)) })
  return files
}
