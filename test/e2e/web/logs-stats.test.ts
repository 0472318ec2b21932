import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Page } from 'playwright'
import { printInLog } from '../../support/container-log.ts'
import { needs } from '../../support/parts.ts'
import { open, quiet, shows } from '../../support/web/screens.ts'
import { acquired, threadOf, visit, type Visit } from '../../support/web/visit.ts'
import { eventually } from '../../support/wait.ts'

needs('docker', 'lite-image', 'chromium').describe('a sandbox looked into with a browser', () => {
  const thread = threadOf('look')
  let here: Visit
  let id: string
  let page: Page

  beforeAll(async () => {
    here = await visit()
    page = here.page
    id = await acquired(here.engine, thread, 'nightly-agent')
  })
  afterAll(() => here?.close())

  /** Numbered lines in the container's own log: what its first process prints. */
  async function print(from: number, to: number, text = 'line'): Promise<void> {
    const { container } = await here.engine.client.call('get', { id })
    await printInLog(container ?? '', `for n in $(seq ${from} ${to}); do echo "${text} $n of the log"; done`)
  }
  const counted = async () => Number(await page.locator('.logsum').getAttribute('data-lines'))
  const pressed = (name: string) => page.getByRole('button', { name, exact: true }).getAttribute('aria-pressed')

  it('has a log that is followed', async () => {
    await print(1, 300)
    await open(page, 'sandboxes', id, 'logs')
    await shows(page, 'line 300 of the log')
    await print(301, 310)
    await shows(page, 'line 310 of the log')
    expect(await pressed('Follow')).toBe('true')
    const written = await page.locator('.log li', { hasText: 'line 310 of the log' }).locator('time').getAttribute('datetime')
    expect(Math.abs(Date.parse(written ?? '') - Date.now())).toBeLessThan(60_000)
  })

  it('has a log that stands still while it is read, and says what came', async () => {
    await page.hover('.log')
    await page.mouse.wheel(0, -900)
    await eventually('it follows no more', async () => (await pressed('Follow')) === 'false')
    const at = () => page.locator('.log').evaluate((log) => log.scrollTop)
    const stood = await at()
    const before = await counted()
    await print(311, 350)
    await eventually('they have come', async () => (await counted()) === before + 40)
    expect(await at()).toBe(stood)
    await page.getByRole('button', { name: '40 new lines' }).click()
    await shows(page, 'line 350 of the log')
    expect(await pressed('Follow')).toBe('true')
  })

  it('has a log that can be searched, saved and cleared', async () => {
    await page.keyboard.press('/')
    await page.keyboard.type('line 77 of')
    await page.keyboard.press('Enter')
    await shows(page, '1 of 1')
    await eventually('the hit is in view', async () => (await page.locator('li.hit').innerText()).includes('line 77 of the log'))
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()])
    expect(download.suggestedFilename()).toBe(`${thread}.log`)
    const saved = await readFile(await download.path(), 'utf8')
    for (const n of [1, 77, 350]) expect(saved).toMatch(new RegExp(`^\\S+Z line ${n} of the log$`, 'm'))
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
    await shows(page, 'Cleared.')
    await print(351, 352)
    await shows(page, 'line 352 of the log')
    expect(await page.getByText('line 350 of the log').count()).toBe(0)
  })

  it('has charts of what it uses', async () => {
    await open(page, 'sandboxes', id, 'stats')
    for (const title of ['CPU', 'Memory', 'Network', 'Disk']) await page.getByRole('figure', { name: title }).waitFor()
    const share = async () => Number.parseFloat(await page.getByRole('figure', { name: 'CPU' }).locator('.now').innerText())
    const line = () => page.getByRole('figure', { name: 'CPU' }).locator('.l1').getAttribute('d')
    const first = await line()
    const busy = here.engine.client.call('exec', { id, command: 'timeout 5 sh -c "while :; do :; done"; true' })
    await eventually('the work is seen', async () => (await share()) > 20, { within: 30_000 })
    await busy
    expect(await line()).not.toBe(first)
    expect(await page.getByRole('figure', { name: 'Memory' }).locator('.now').innerText()).toMatch(/\d+(\.\d+)? [kM]B|\d [KM]iB/)
  })

  it('says which directory on this computer each of its own is', async () => {
    await open(page, 'sandboxes', id, 'mounts')
    const { mounts } = await here.engine.client.call('details', { id })
    expect(mounts.length).toBeGreaterThanOrEqual(3)
    for (const { container, host, mode } of mounts) {
      const row = page.getByRole('row').filter({ has: page.getByText(container, { exact: true }) })
      expect(host.startsWith(here.engine.home)).toBe(true)
      // Cut to the room there is, but whole to whoever copies or listens.
      expect((await row.locator('td').first().textContent())?.replaceAll(/\s/g, '')).toContain(host.replaceAll(/\s/g, ''))
      await row.getByText(mode === 'rw' ? 'read, write' : 'read only').waitFor()
    }
    await page.getByLabel('A path in the sandbox or on this computer').fill('/mnt/user-data/outputs/report.md')
    await shows(page, /user-data\/outputs\/report\.md$/)
  })

  it('tells who did what', async () => {
    await open(page, 'sandboxes', id, 'events')
    await page
      .getByRole('row')
      .filter({ hasText: /A new sandbox is ready|It was given a sandbox that was kept ready/ })
      .getByText('nightly-agent')
      .waitFor()
    // What is done in this browser is done by "you".
    const other = threadOf('mine')
    await page.keyboard.press('g')
    await page.keyboard.press('s')
    await page.keyboard.press('n')
    await page.getByLabel('Thread').fill(other)
    await page.getByRole('button', { name: 'Create sandbox' }).click()
    await page.waitForURL(/terminal/)
    await shows(page, 'Terminal 1')
    await page.getByRole('tab', { name: 'Events' }).click()
    const mine = page
      .getByRole('table', { name: 'Events' })
      .getByRole('row')
      .filter({ has: page.getByText('you', { exact: true }) })
    await mine.first().waitFor()
    expect(await mine.count()).toBeGreaterThanOrEqual(2)
    await mine.first().getByRole('button').click()
    await shows(page, /"who": "session:/)
  })

  it('says nothing in the console that it should not', () => quiet(here.tab.complaints))
})
