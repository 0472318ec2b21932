import { chromium, type Browser, type Page } from 'playwright'
import { browserPath } from '../../../scripts/suites/browser.ts'
import { buildGallery, galleryOrigin, type GalleryMode } from './gallery-build.ts'

/** The bridge's own: a screen that needs more than this does not work in a browser. */
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

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
    async page({ route = '#/sandboxes', theme = 'light', size = { width: 1280, height: 800 }, fixture = 'house', connection = 'open', kind = 'browser', still = true } = {}) {
      const context = await browser.newContext({
        viewport: size, colorScheme: theme, locale: 'en-US', timezoneId: 'UTC', reducedMotion: still ? 'reduce' : 'no-preference', permissions: [],
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
  return await chromium.launch({ ...(executablePath === null ? {} : { executablePath }), args: ['--no-sandbox', '--disable-gpu', '--no-proxy-server', '--font-render-hinting=none'] })
}
