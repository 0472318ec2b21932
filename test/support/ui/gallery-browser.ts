import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Browser, chromium, type Page } from 'playwright'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import { browserPath } from '../../../scripts/suites/machine.ts'

const renderer = path.resolve(import.meta.dirname, '../../../renderer')

/** Under which the page is said to be; nothing listens there, its files come from memory. */
const galleryOrigin = 'http://berth.localhost'

export interface GalleryFile {
  readonly type: string
  readonly body: string | Buffer
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** `production`: as people get it; `development`: with React's own warnings, and several times slower to draw. */
type GalleryMode = 'development' | 'production'

/** The renderer with gallery.tsx as its entry, built into memory: about a second. By path below the origin. Without `mode`, by NODE_ENV. */
async function buildGallery(entry = 'gallery.tsx', mode?: GalleryMode): Promise<ReadonlyMap<string, GalleryFile>> {
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
      files.set(`/${file.fileName}`, {
        type: types[path.extname(file.fileName)] ?? 'application/octet-stream',
        body: file.type === 'chunk' ? file.code : Buffer.from(file.source),
      })
    }
  }
  for (const name of ['icon.svg', 'first-paint.js'])
    files.set(`/${name}`, { type: types[path.extname(name)] ?? '', body: await readFile(path.join(renderer, 'public', name)) })
  return files
}

/** The bridge's own: a screen that needs more than this does not work in a browser. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export interface GalleryAsk {
  /** `#/sandboxes` */
  readonly route?: string | undefined
  readonly theme?: 'light' | 'dark' | undefined
  readonly size?: { readonly width: number; readonly height: number } | undefined
  /** Name in fixture-states.ts. */
  readonly fixture?: string | undefined
  readonly connection?: 'open' | 'connecting' | 'locked' | 'lost' | 'mismatch' | 'never' | undefined
  readonly kind?: 'electron' | 'browser' | undefined
  /** Reduced motion: a shot is the same every time. */
  readonly still?: boolean | undefined
}

export interface Gallery {
  /** A page of its own with the asked screen. `problems`: what it threw, logged as an error, or was refused by the policy. */
  page(ask?: GalleryAsk): Promise<{ page: Page; problems: string[] }>
  close(): Promise<void>
}

/** A real Chromium with the renderer over the fixture in it. */
export async function openGallery(entry?: string, mode?: GalleryMode): Promise<Gallery> {
  const [files, browser] = await Promise.all([buildGallery(entry, mode), launch()])
  return {
    async page({
      route = '#/sandboxes',
      theme = 'light',
      size = { width: 1280, height: 800 },
      fixture = 'house',
      connection = 'open',
      kind = 'browser',
      still = true,
    } = {}) {
      const context = await browser.newContext({
        viewport: size,
        colorScheme: theme,
        locale: 'en-US',
        timezoneId: 'UTC',
        reducedMotion: still ? 'reduce' : 'no-preference',
        permissions: [],
      })
      const page = await context.newPage()
      const problems: string[] = []
      page.on('pageerror', (error) => problems.push(String(error)))
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text())
      })
      await page.route('**/*', async (request) => {
        const { pathname, origin } = new URL(request.request().url())
        const file = origin === galleryOrigin ? files.get(pathname === '/' ? '/index.html' : pathname) : undefined
        if (!file) return await request.fulfill({ status: 404, body: 'no such file' })
        await request.fulfill({ status: 200, contentType: file.type, body: file.body, headers: { 'content-security-policy': policy } })
      })
      const query = new URLSearchParams({ fixture, connection, kind })
      await page.goto(`${galleryOrigin}/?${query}${route}`)
      await page.waitForSelector('h1', { state: 'attached' })
      // A frame for what a topic says, one for what is drawn of it.
      await page.evaluate('new Promise((done) => setTimeout(() => requestAnimationFrame(() => done()), 120))')
      return { page, problems }
    },
    close: () => browser.close(),
  }
}

async function launch(): Promise<Browser> {
  const executablePath = browserPath()
  return await chromium.launch({
    ...(executablePath === null ? {} : { executablePath }),
    args: ['--no-sandbox', '--disable-gpu', '--no-proxy-server', '--font-render-hinting=none'],
  })
}
