import { randomUUID } from 'node:crypto'
import type { Browser, Page } from 'playwright'
import { openBrowser, openTab, type Tab } from './browser.ts'
import { serveEngine, type ServedEngine } from './served-engine.ts'

export interface Visit {
  readonly engine: ServedEngine
  readonly browser: Browser
  readonly tab: Tab
  readonly page: Page
  close(): Promise<void>
}

/** `berth serve` in a home of its own, and a browser that is logged in to it. */
export async function visit(options: Parameters<typeof serveEngine>[0] & Parameters<typeof openTab>[2] = {}): Promise<Visit> {
  const engine = await serveEngine(options)
  const browser = await openBrowser()
  const tab = await openTab(browser, await engine.login(), options)
  return {
    engine,
    browser,
    tab,
    page: tab.page,
    async close() {
      await tab.close()
      await browser.close()
      await engine.close()
    },
  }
}

/** A thread that no other test, which may run on the same container engine at the same time, has. */
export const threadOf = (name: string): string => `${name}-${randomUUID().slice(0, 6)}`

export async function acquired(engine: ServedEngine, thread: string, holder = 'agent'): Promise<string> {
  return (await engine.client.call('acquire', { thread, holder })).id
}
