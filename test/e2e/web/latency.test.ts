import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { openBrowser, openTab, type Tab } from '../../support/web/browser.ts'
import { shows } from '../../support/web/screens.ts'
import { serveEngine, type ServedEngine } from '../../support/web/served-engine.ts'

const rounds = 20

needs('docker', 'lite-image', 'chromium').describe('from the engine’s event to the row', () => {
  let engine: ServedEngine
  let browser: Browser
  let tab: Tab

  beforeAll(async () => {
    engine = await serveEngine({ config: 'replicas: 40\n' })
    browser = await openBrowser()
    tab = await openTab(browser, await engine.login())
    await shows(tab.page, 'No sandboxes yet')
  })
  afterAll(async () => {
    await tab?.close()
    await browser?.close()
    await engine?.close()
  })

  it(`takes less than 200 ms, median of ${rounds}`, async () => {
    // Both on one machine, so both clocks are one: the moment at which each row was first in the document.
    await tab.page.evaluate(() => {
      const rows: Record<string, number> = {}
      Object.assign(window, { rows })
      new MutationObserver(() => {
        const at = Date.now()
        for (const row of document.querySelectorAll('[data-row]')) {
          const thread = /lat-\d+/.exec(row.textContent ?? '')?.[0]
          if (thread !== undefined) rows[thread] ??= at
        }
      }).observe(document.body, { childList: true, subtree: true, characterData: true })
    })
    for (let at = 0; at < rounds; at += 1) {
      await engine.client.call('acquire', { thread: `lat-${at}`, holder: 'agent' })
      await engine.client.call('destroy', { thread: `lat-${at}` })
    }
    const { events } = await engine.client.call('events', { limit: 1000 })
    const rows = await tab.page.evaluate(() => (window as unknown as { rows: Record<string, number> }).rows)
    const delays = Array.from({ length: rounds }, (_, at) => {
      const began = events.find((event) => event.type === 'sandbox.creating' && event.thread === `lat-${at}`)
      return (rows[`lat-${at}`] ?? Infinity) - Date.parse(began?.at ?? '')
    }).sort((a, b) => a - b)
    console.log(`event to row in ms: p50 ${delays[rounds / 2]}, all ${delays.join(' ')}`)
    expect(delays[rounds / 2]).toBeLessThan(200)
  })
})
