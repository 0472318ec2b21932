import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGallery, type Gallery } from '../../support/ui/gallery-browser.ts'
import { axeFindingsInBothThemes } from '../../support/web/axe.ts'

let gallery: Gallery
beforeAll(async () => {
  gallery = await openGallery()
})
afterAll(async () => {
  await gallery.close()
})

const base = '#/sandboxes/3fa2b9d15c7e90ab'

test('a page in a sandbox is text, a picture is a picture, and a name hides nothing', async () => {
  const { page, problems } = await gallery.page({ route: `${base}/files` })
  await page.getByText('report.html').click()
  await page.locator('.src').waitFor()
  expect(await page.locator('.src').textContent()).toContain('<script>document.title = 1</script>')
  await page.getByText('chart.png').click()
  await page.locator('.picture img').waitFor()
  await expect.poll(() => page.evaluate("document.querySelector('.picture img').naturalWidth")).toBe(1)
  await page.getByText('invoice\\u{202e}gpj.exe').click()
  await page.getByText('not a text').waitFor()
  await page.getByText('crawl-2026-11-23.jsonl.gz').click()
  await page.getByText('too large to show').waitFor()
  expect(await page.title()).toContain('pricing-research')
  expect(problems).toEqual([])
}, 60_000)

test('by keyboard: into a directory, up again, and into a file and back', async () => {
  const { page } = await gallery.page({ route: `${base}/files`, size: { width: 900, height: 600 } })
  await page.getByText('data', { exact: true }).click()
  await page.keyboard.press('Enter')
  await expect.poll(() => page.evaluate('location.hash')).toContain(encodeURIComponent('/mnt/user-data/workspace/data'))
  await page.getByText('requirements.txt').click()
  await page.keyboard.press('Backspace')
  await expect.poll(() => page.evaluate('location.hash')).toMatch(/workspace$/)
  // The focus came along, to the directory that was left, so that the next key is the list's again.
  await page.locator('.filelist [data-row]:focus', { hasText: 'data' }).waitFor()
  await page.keyboard.press('Enter')
  await expect.poll(() => page.evaluate('location.hash')).toContain(encodeURIComponent('/mnt/user-data/workspace/data'))
  await page.locator('.filesbox:focus').waitFor()
  for (const key of ['Delete', 'r', 'Backspace']) await page.keyboard.press(key)
  await expect.poll(() => page.evaluate('location.hash')).toMatch(/workspace$/)
  expect(await page.getByRole('alertdialog').count()).toBe(0)
  expect(await page.evaluate("window.fixture.made.filter(({ name }) => name === 'release' || name === 'destroy')")).toEqual([])
  await page.getByText('requirements.txt').click()
  await page.keyboard.press('Enter')
  await page.getByText('pandas==2.2.3').waitFor()
  expect(await page.locator('.filelist').isVisible()).toBe(false)
  await page.locator('.preview :focus').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('.filelist [data-row]:focus').waitFor()
}, 60_000)

test('a directory is shown as it changes, by looks that wake nothing', async () => {
  const { page } = await gallery.page({ route: `${base}/files` })
  await page.getByText('prices.csv').waitFor()
  await page.evaluate(`(() => {
    const { endpoint, made } = window.fixture
    const before = endpoint.call
    endpoint.call = async (name, input, options) => {
      const got = await before(name, input, options)
      return name === 'files' ? { ...got, files: [...got.files, { name: 'new.txt', path: got.path + '/new.txt', directory: false, size: 3, modified_at: new Date().toISOString() }] } : got
    }
    const { sandboxes } = window.fixture.state()
    const row = sandboxes['3fa2b9d15c7e90ab']
    window.fixture.push([{ op: 'sandbox', value: { ...row, commands: [], finished: [{ ...row.commands[0], id: 'just-now', ended_at: new Date().toISOString(), exit_code: 0 }] } }])
  })()`)
  await page.getByText('new.txt').waitFor()
  const looks = () =>
    page.evaluate("window.fixture.made.filter(({ name }) => name === 'files').slice(1).map(({ input }) => input.glance)") as Promise<unknown[]>
  expect(new Set(await looks())).toEqual(new Set([true]))
  await page.evaluate(`(() => {
    const row = window.fixture.state().sandboxes['3fa2b9d15c7e90ab']
    window.fixture.push([{ op: 'sandbox', value: { ...row, status: 'paused', holders: [], commands: [], terminals: [] } }])
  })()`)
  await page.locator('header .status').getByText('Paused').waitFor()
  const asleep = (await looks()).length
  // Longer than the longest time between two looks.
  await page.waitForTimeout(3500)
  expect((await looks()).length).toBe(asleep)
  expect(await page.getByText('new.txt').count()).toBe(1)
}, 60_000)

test.each(['overview', 'terminal', 'files', 'logs'])(
  'axe finds nothing on %s, in either theme',
  async (tab) => {
    const { page } = await gallery.page({ route: `${base}/${tab}` })
    await page.locator(`[role="tabpanel"] :is(.facts, .xterm-rows, .filelist [data-row], .log li)`).first().waitFor()
    expect(await axeFindingsInBothThemes(page)).toEqual([])
    await page.context().close()
  },
  60_000,
)

test('a sandbox that goes while it is looked at: said, with its log and a way on', async () => {
  const { page } = await gallery.page({ route: `${base}/logs` })
  await page.locator('.log li').first().waitFor()
  await page.evaluate("window.fixture.push([{ op: 'sandbox_gone', id: '3fa2b9d15c7e90ab' }])")
  await page.getByText('This sandbox is gone.').waitFor()
  expect(await page.locator('.log li').count()).toBeGreaterThan(10)
  await page.getByRole('button', { name: 'Acquire it again' }).click()
  await expect
    .poll(() => page.evaluate('window.fixture.made.at(-1)'))
    .toMatchObject({ name: 'acquire', input: { thread: 'pricing-research', user: 'default' } })
}, 60_000)
