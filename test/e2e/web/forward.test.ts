import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'
import { openBrowser, openTab, type Tab } from '../../support/web/browser.ts'
import { forwardTo, type Forward } from '../../support/web/forward.ts'
import { open, quiet, rowOf, shows } from '../../support/web/screens.ts'
import { serveEngine, type ServedEngine } from '../../support/web/served-engine.ts'
import { acquired, threadOf } from '../../support/web/visit.ts'

needs('docker', 'lite-image', 'chromium').describe('through a forwarded port, as `ssh -L` makes one', () => {
  const thread = threadOf('far')
  let dir: TempDir
  let engine: ServedEngine
  let forward: Forward
  let browser: Browser
  let tab: Tab
  let link: URL

  beforeAll(async () => {
    dir = await tempDir('forward')
    engine = await serveEngine()
    forward = await forwardTo(Number(new URL(engine.url).port))
    browser = await openBrowser()
    link = new URL(await engine.login())
    link.port = String(forward.port)
    tab = await openTab(browser, link.href)
  })
  afterAll(async () => {
    await tab?.close()
    await browser?.close()
    await forward?.close()
    await engine?.close()
    await dir?.remove()
  })

  it('the login link works with the other port, and everything goes there', async () => {
    await shows(tab.page, 'No sandboxes yet')
    expect(new URL(tab.page.url()).port).toBe(String(forward.port))
    await acquired(engine, thread)
    await rowOf(tab.page, thread).getByText('Active').waitFor()
  })

  it('terminals work', async () => {
    const { page } = tab
    await rowOf(page, thread).click()
    await page.keyboard.press('t')
    await shows(page, 'Terminal 1')
    await page.locator('.xterm-helper-textarea').focus()
    await page.keyboard.type('echo far-$((40+2))\n')
    await eventually('the terminal answers', async () => (await page.locator('.xterm-rows').innerText()).includes('far-42'))
  })

  it('files go both ways', async () => {
    const { page } = tab
    const source = join(dir.path, 'a.bin')
    const bytes = randomBytes(3_000_000)
    await writeFile(source, bytes)
    const { id } = await engine.client.call('get', { thread })
    await open(page, 'sandboxes', id, 'files')
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Upload', exact: true }).click()])
    await chooser.setFiles(source)
    await shows(page, '1 file uploaded')
    expect(Buffer.compare(await readFile(join(engine.home, 'users/default/threads', thread, 'user-data/workspace/a.bin')), bytes)).toBe(0)
    await page.getByRole('row').filter({ hasText: 'a.bin' }).click()
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.preview').getByRole('button', { name: 'Download' }).first().click()])
    expect(new URL(download.url()).port).toBe(String(forward.port))
    expect(Buffer.compare(await readFile(await download.path()), bytes)).toBe(0)
  })

  it('a forward that breaks is found again by itself', async () => {
    const { page } = tab
    const { port } = forward
    await forward.close()
    await shows(page, 'The connection to Berth is lost')
    forward = await forwardTo(Number(new URL(engine.url).port), port)
    await page.getByText('The connection to Berth is lost').waitFor({ state: 'detached' })
    await open(page, 'sandboxes')
    await rowOf(page, thread).getByText('Active').waitFor()
  })

  it('the link has logged in one browser and no other', async () => {
    const other = await openTab(browser, link.href)
    await shows(other.page, 'Get a login link')
    await other.close()
  })

  it('nothing is said in the console but that the connection broke', () => {
    quiet(tab.complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED')))
  })
})
