import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { openBrowser, openTab, type Tab } from '../../support/web/browser.ts'
import { open, quiet, rowOf, shows } from '../../support/web/screens.ts'
import { serveEngine, type ServedEngine } from '../../support/web/served-engine.ts'
import { eventually } from '../../support/wait.ts'

needs('docker', 'lite-image', 'chromium').describe('sandboxes in a browser, on real containers', () => {
  let engine: ServedEngine
  let browser: Browser
  let tab: Tab

  beforeAll(async () => {
    engine = await serveEngine({ config: 'replicas: 6\n' })
    browser = await openBrowser()
    tab = await openTab(browser, await engine.login())
  })
  afterAll(async () => {
    await tab?.close()
    await browser?.close()
    await engine?.close()
  })

  it('begin with one way to get the first', async () => {
    await shows(tab.page, 'No sandboxes yet')
    await shows(tab.page, `${engine.url}/mcp`)
    // The code is spent and gone from the address.
    expect(tab.page.url()).not.toContain('login=')
  })

  it('are made by hand, with a terminal in them at once', async () => {
    const { page } = tab
    await page.keyboard.press('n')
    await page.getByLabel('Thread').fill('by-hand')
    await page.getByRole('button', { name: 'Create sandbox' }).click()
    await page.waitForURL(/#\/sandboxes\/[0-9a-f]{16}\/terminal/, { timeout: 30_000 })
    await shows(page, 'Terminal 1')
    await page.locator('.xterm-helper-textarea').focus()
    await page.keyboard.type('echo one-$((20+22)) > /mnt/user-data/workspace/made; cat /mnt/user-data/workspace/made\n')
    await eventually('the terminal answers', async () => (await page.locator('.xterm-rows').innerText()).includes('one-42'))
    const read = await engine.client.call('read', { thread: 'by-hand', path: '/mnt/user-data/workspace/made' })
    expect(read.content).toBe('one-42\n')
  })

  it('keep their terminal over navigation and a reload', async () => {
    const { page } = tab
    await page.keyboard.type('export KEPT=still-here\n')
    await open(page, 'sandboxes')
    await rowOf(page, 'by-hand').waitFor()
    await page.goBack()
    await page.reload()
    await eventually('what was printed before is there', async () => (await page.locator('.xterm-rows').innerText()).includes('one-42'))
    await page.locator('.xterm-helper-textarea').focus()
    await page.keyboard.type('echo $KEPT\n')
    await eventually('the same shell answers', async () => /\nstill-here/.test(await page.locator('.xterm-rows').innerText()))
  })

  it('that agents acquire appear without a refresh, while they are still being made', async () => {
    const { page } = tab
    await open(page, 'sandboxes')
    await rowOf(page, 'by-hand').waitFor()
    // Every state that the row was drawn in, as the page saw it.
    await page.evaluate(() => {
      const seen = new Set<string>()
      Object.assign(window, { seen })
      new MutationObserver(() => {
        for (const row of document.querySelectorAll('[data-row]'))
          if (row.textContent?.includes('from-agent')) seen.add(row.querySelector('.status')?.textContent ?? '')
      }).observe(document.body, { childList: true, subtree: true, characterData: true })
    })
    await engine.client.call('acquire', { thread: 'from-agent', holder: 'agent' })
    await rowOf(page, 'from-agent').getByText('Active').waitFor()
    const seen = await page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen])
    expect(seen).toContain('Creating')
    expect(seen).toContain('Active')
  })

  it('show what runs, and whoever holds them', async () => {
    const { page } = tab
    const running = engine.client.call('exec', { thread: 'from-agent', command: 'sleep 600' })
    const ended = running.then(
      () => 'answered',
      () => 'failed',
    )
    await rowOf(page, 'from-agent').getByText('working').waitFor()
    await rowOf(page, 'from-agent').getByTitle('agent', { exact: true }).waitFor()
    const { sandboxes } = await engine.client.call('list', {})
    await open(page, 'sandboxes', sandboxes.find(({ thread }) => thread === 'from-agent')?.id ?? '', 'overview')
    await shows(page, 'sleep 600')
    await page.getByRole('button', { name: 'Interrupt' }).first().click()
    expect(await ended).toBeTypeOf('string')
    await open(page, 'sandboxes')
  })

  it('are released, reclaimed and destroyed', async () => {
    const { page } = tab
    const row = rowOf(page, 'from-agent')
    await row.click()
    await page.keyboard.press('r')
    // It is an agent's hold: a person who gives it back is told what that means.
    await page.getByRole('button', { name: 'Release all holds' }).click()
    await row.getByText('Warm').waitFor()
    await engine.client.call('acquire', { thread: 'from-agent', holder: 'agent' })
    await row.getByText('Active').waitFor()
    await row.click()
    await page.keyboard.press('Control+Backspace')
    await shows(page, /Destroy from-agent\?/)
    // The safe choice has the focus.
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Keep')
    await page.getByRole('button', { name: 'Destroy from-agent' }).click()
    await row.waitFor({ state: 'detached' })
    await expect(engine.client.call('get', { thread: 'from-agent' })).rejects.toMatchObject({ code: 'SANDBOX_NOT_FOUND' })
  })

  it('are shut down all at once, with what came of it', async () => {
    const { page } = tab
    await engine.client.call('acquire', { thread: 'one', holder: 'agent' })
    await engine.client.call('acquire', { thread: 'two', holder: 'agent' })
    await page.getByRole('button', { name: /Shut down all/ }).click()
    await shows(page, 'Shut down all sandboxes?')
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Cancel')
    // Spare ones may be among them.
    await page.getByRole('button', { name: /Shut down \d+ sandbox/ }).click()
    await shows(page, /^([2-9]|\d\d) sandboxes are shut down/, 60_000)
    await page.getByRole('button', { name: 'Close' }).click()
    await shows(page, 'No sandboxes yet')
    expect((await engine.client.call('list', {})).sandboxes).toEqual([])
    // Berth takes new ones.
    await engine.client.call('acquire', { thread: 'after', holder: 'agent' })
    await rowOf(page, 'after').waitFor()
  })

  it('say nothing in the console that they should not', () => quiet(tab.complaints))
})
