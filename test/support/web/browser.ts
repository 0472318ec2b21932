import { chromium, type Browser, type BrowserContext, type Page } from 'playwright'
import { browserPath } from '../../../scripts/suites/browser.ts'

export interface Tab {
  readonly page: Page
  readonly context: BrowserContext
  /** What the page's console complained of since it was opened: errors, violations of its policy, uncaught ones. */
  readonly complaints: string[]
  close(): Promise<void>
}

/** This machine's Chromium, without a window. As root it has no sandbox of its own. */
export function openBrowser(): Promise<Browser> {
  const executablePath = browserPath()
  return chromium.launch({
    ...(executablePath === null ? {} : { executablePath }),
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage', '--disable-gpu', '--no-proxy-server'],
  })
}

/** What Chromium says of all that it fetches while an interface comes or goes: each container that anybody starts brings one. */
const networkChanged = /ERR_NETWORK_CHANGED/
/** The page that it then shows may come late, and end the next attempt. */
const itsErrorPage = /interrupted by another navigation to "chrome-error:/

/** From now on this page goes to an address, or loads it anew, once more, as a person would, where the network changed meanwhile. */
function persistent(page: Page): void {
  const [goto, reload] = [page.goto.bind(page), page.reload.bind(page)]
  page.goto = (...where) => again(() => goto(...where))
  page.reload = (...how) => again(() => reload(...how))
}

async function again<T>(load: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await load()
    } catch (error) {
      const changed = error instanceof Error && (networkChanged.test(error.message) || (tries > 0 && itsErrorPage.test(error.message)))
      if (tries === 3 || !changed) throw error
    }
  }
}

/** A tab with a profile of its own, at an address. */
export async function openTab(browser: Browser, url: string, options: { theme?: 'light' | 'dark'; size?: { width: number; height: number } } = {}): Promise<Tab> {
  const context = await browser.newContext({ colorScheme: options.theme ?? 'light', viewport: options.size ?? { width: 1280, height: 800 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' && !networkChanged.test(message.text())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  persistent(page)
  await page.goto(url)
  return { page, context, complaints, close: () => context.close() }
}
