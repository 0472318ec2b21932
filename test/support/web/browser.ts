import { chromium, type Browser, type BrowserContext, type Page, type Response } from 'playwright'
import { browserPath } from '../../../scripts/suites/machine.ts'

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
/** Either the error page that it shows for that comes late, or, under load, what was asked for is not known again as that. */
const otherNavigation = /interrupted by another navigation to /

/** From now on this page goes to an address, or loads it anew, once more, as a person would, where the network changed meanwhile. */
function persistent(page: Page): void {
  const [goto, reload] = [page.goto.bind(page), page.reload.bind(page)]
  page.goto = (url, options) => again(page, url, () => goto(url, options))
  page.reload = (options) => again(page, page.url(), () => reload(options))
}

async function again(page: Page, url: string, load: () => Promise<Response | null>): Promise<Response | null> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await load()
    } catch (error) {
      const [changed, other] = [networkChanged, otherNavigation].map((kind) => error instanceof Error && kind.test(error.message))
      if (tries === 3 || !(changed || other)) throw error
      // Not once more where it came after all: a login link is good for one time, and is taken out of the address.
      const there = ({ href }: URL) => href.startsWith(url.split('#', 1)[0] ?? '')
      if (
        other &&
        (await page.waitForURL(there, { timeout: 2000 }).then(
          () => true,
          () => false,
        ))
      )
        return null
    }
  }
}

/** A tab with a profile of its own, at an address. */
export async function openTab(
  browser: Browser,
  url: string,
  options: { theme?: 'light' | 'dark'; size?: { width: number; height: number } } = {},
): Promise<Tab> {
  const context = await browser.newContext({
    colorScheme: options.theme ?? 'light',
    viewport: options.size ?? { width: 1280, height: 800 },
    reducedMotion: 'reduce',
  })
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
