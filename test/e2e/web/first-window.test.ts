import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Locator, Page } from 'playwright'
import { needs } from '../../support/parts.ts'
import { open, rowOf, shows } from '../../support/web/screens.ts'
import { acquired, threadOf, visit, type Visit } from '../../support/web/visit.ts'

// The paths and numbers of docs/first-window.md: whoever makes one longer learns it here.
needs('docker', 'lite-image', 'chromium').describe('from the first window alone one finds', () => {
  const [one, two] = [threadOf('report'), threadOf('crawl')]
  let here: Visit
  let page: Page
  let clicks = 0

  beforeAll(async () => {
    here = await visit()
    page = here.page
    await here.tab.context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await shows(page, 'No sandboxes yet')
  })
  afterAll(() => here?.close())
  beforeEach(() => {
    clicks = 0
  })

  async function click(target: Locator): Promise<void> {
    await target.filter({ visible: true }).first().click()
    clicks += 1
  }
  const button = (name: string | RegExp) => page.getByRole('button', { name })
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText())

  it('how to connect an agent: nothing to press to see it, one to copy it, one for the token', async () => {
    await shows(page, `${here.engine.url}/mcp`)
    await click(page.locator('.lead').getByRole('button', { name: /^Copy/ }).first())
    await expect.poll(clipboard).toContain(`${here.engine.url}/mcp`)
    await click(button('Copy the token'))
    await expect.poll(clipboard).toMatch(/^e2b_/)
    expect(clicks).toBe(2)
  })

  it('which sandboxes run and for whom: nothing to press', async () => {
    await acquired(here.engine, one, 'deer-flow')
    await acquired(here.engine, two, 'claude-code')
    await rowOf(page, one).getByText('deer-flow').waitFor()
    await rowOf(page, two).getByText('claude-code').waitFor()
    await rowOf(page, two).getByText('Active').waitFor()
    expect(clicks).toBe(0)
  })

  it('how to open a terminal in one: one press on its row', async () => {
    await rowOf(page, one).hover()
    await click(rowOf(page, one).getByRole('button', { name: 'Open terminal' }))
    await shows(page, 'Terminal 1')
    expect(clicks).toBe(1)
    await open(page, 'sandboxes')
  })

  it('where its files are on this computer: its menu, and Open files; or a double press on its row', async () => {
    await rowOf(page, one).hover()
    await click(rowOf(page, one).getByRole('button', { name: 'More actions' }))
    await click(page.getByRole('menuitem', { name: 'Open files' }))
    await shows(page, /On this computer:/)
    await page
      .getByText(new RegExp(`${one}/user-data/workspace`))
      .first()
      .waitFor()
    expect(clicks).toBe(2)
    await open(page, 'sandboxes')
    await rowOf(page, one).dblclick()
    await shows(page, 'Files on this computer')
    await open(page, 'sandboxes')
  })

  it('how to connect one more agent: Bridge', async () => {
    await click(page.getByRole('link', { name: 'Bridge' }))
    await shows(page, `${here.engine.url}/mcp`)
    expect(clicks).toBe(1)
    await open(page, 'sandboxes')
  })

  it('how to stop everything: Shut down all, and that it is meant', async () => {
    await click(button(/Shut down all/))
    await click(button(/Shut down \d+ sandbox/))
    await shows(page, /are shut down/, 60_000)
    expect(clicks).toBe(2)
  })
})
