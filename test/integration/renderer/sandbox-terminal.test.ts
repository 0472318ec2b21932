import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page } from 'playwright'
import type { TopicEvent, TopicUp } from '../../../shared/topics.ts'
import { openGallery, type Gallery } from '../../support/ui/gallery-browser.ts'

let gallery: Gallery
beforeAll(async () => {
  gallery = await openGallery()
})
afterAll(async () => {
  await gallery.close()
})

type Up = TopicUp<'terminal'>
const esc = '\u001b'
const route = '#/sandboxes/3fa2b9d15c7e90ab/terminal'

async function openTerminal(): Promise<{
  page: Page
  problems: string[]
  send: (event: TopicEvent<'terminal'>) => Promise<void>
  ups: () => Promise<Up[]>
  did: () => Promise<string[]>
}> {
  const { page, problems } = await gallery.page({ route })
  await page.waitForSelector('.xterm-rows')
  return {
    page,
    problems,
    send: async (event) => void (await page.evaluate(`window.fixture.send('terminal', ${JSON.stringify(event)})`)),
    ups: async () => await page.evaluate("window.fixture.said.filter(({ topic }) => topic === 'terminal').map(({ up }) => up)"),
    did: async () => await page.evaluate('window.fixture.did'),
  }
}

const answersOf = (ups: readonly Up[]) => ups.filter(({ type }) => type === 'answer')
const typedOf = (ups: readonly Up[]) => ups.flatMap((up) => (up.type === 'input' ? [up.data] : [])).join('')

/** Everything that a terminal answers. */
const queries = [
  `${esc}[c`,
  `${esc}[>c`,
  `${esc}[5n`,
  `${esc}[6n`,
  `${esc}[?6n`,
  `${esc}[?25$p`,
  `${esc}[4$p`,
  `${esc}P$qm${esc}\\`,
  `${esc}]10;?${esc}\\`,
  `${esc}]11;?\u0007`,
  `${esc}]4;1;?${esc}\\`,
  `${esc}[>q`,
  `${esc}[?u`,
  `${esc}[18t`,
  `${esc}Z`,
]

test('history that is replayed is not answered; a query after it is, as an answer and never as typing', async () => {
  const { page, problems, send, ups } = await openTerminal()
  await send({ type: 'replay', data: `old${queries.join('')}\r\n`, cols: 80, rows: 24, cut: false })
  expect(answersOf(await ups())).toEqual([])
  await send({ type: 'data', data: queries.join('') })
  const after = await ups()
  expect(answersOf(after).length).toBeGreaterThanOrEqual(9)
  expect(typedOf(after)).toBe('')
  // Each by itself, so that none hides behind its neighbour's window.
  for (const query of queries) await send({ type: 'data', data: query })
  expect(typedOf(await ups())).toBe('')
  await page.click('.term-host')
  await page.keyboard.type('echo hi')
  await page.keyboard.press('Enter')
  expect(typedOf(await ups())).toBe('echo hi\r')
  expect(problems).toEqual([])
}, 60_000)

test('typing while a program asks again and again stays typing', async () => {
  const { page, send, ups } = await openTerminal()
  await page.click('.term-host')
  const text = 'abcdefghij'.repeat(4)
  const asking = (async () => {
    for (let round = 0; round < 60; round += 1) await send({ type: 'data', data: `${esc}[6n${esc}[5n` })
  })()
  await page.keyboard.type(text)
  await asking
  const said = await ups()
  expect(typedOf(said)).toBe(text)
  expect(answersOf(said)).toHaveLength(120)
}, 60_000)

test('a paste of several lines asks, and one that the program can tell does not', async () => {
  const { page, send, ups } = await openTerminal()
  const paste = async (text: string) =>
    await page.evaluate(`(() => {
    const data = new DataTransfer()
    data.setData('text/plain', ${JSON.stringify(text)})
    document.querySelector('.xterm-helper-textarea').dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  })()`)
  await paste('one line')
  expect(typedOf(await ups())).toBe('one line')
  await paste('rm -r a\nrm -r b\n')
  const dialog = page.getByRole('alertdialog', { name: 'Paste 2 lines' })
  await dialog.waitFor()
  expect(typedOf(await ups())).toBe('one line')
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  expect(typedOf(await ups())).toBe('one line')
  await paste('a\nb')
  await page.getByRole('button', { name: 'Paste 2 lines' }).click()
  await expect.poll(async () => typedOf(await ups())).toBe('one linea\rb')
  await send({ type: 'data', data: `${esc}[?2004h` })
  await paste(`c\nd${esc}[201~e`)
  await expect.poll(async () => typedOf(await ups())).toBe(`one linea\rb${esc}[200~c\rd[201~e${esc}[201~`)
  expect(await page.getByRole('alertdialog').count()).toBe(0)
}, 60_000)

test('a large paste goes in pieces, whole', async () => {
  const { page, send, ups } = await openTerminal()
  await send({ type: 'data', data: `${esc}[?2004h` })
  await page.evaluate(`(() => {
    const data = new DataTransfer()
    data.setData('text/plain', 'x😀'.repeat(60000))
    document.querySelector('.xterm-helper-textarea').dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  })()`)
  await expect.poll(async () => typedOf(await ups()).length, { timeout: 20_000 }).toBe(180_000 + 12)
  const pieces = (await ups()).flatMap((up) => (up.type === 'input' ? [up.data.length] : []))
  expect(Math.max(...pieces)).toBeLessThanOrEqual(16_384)
  expect(typedOf(await ups())).toBe(`${esc}[200~${'x😀'.repeat(60_000)}${esc}[201~`)
}, 60_000)

test('a link shows where it leads before it is opened, and only the web is', async () => {
  const { page, send, did } = await openTerminal()
  await send({
    type: 'data',
    data: `${esc}[2J${esc}[H${esc}]8;;https://evil.example/login${esc}\\https://bank.example${esc}]8;;${esc}\\\r\n${esc}]8;;javascript:alert(1)${esc}\\run me${esc}]8;;${esc}\\\r\n${esc}]8;;file:///etc/passwd${esc}\\a file${esc}]8;;${esc}\\`,
  })
  const press = async (row: number) => {
    const box = await page.locator('.xterm-rows > div').nth(row).boundingBox()
    if (!box) throw new Error('no row')
    await page.mouse.move(box.x + 60, box.y + box.height / 2)
    await page.mouse.move(box.x + 12, box.y + box.height / 2, { steps: 4 })
    await page.evaluate('new Promise((done) => setTimeout(done, 150))')
    await page.mouse.click(box.x + 12, box.y + box.height / 2)
  }
  await press(1)
  await press(2)
  await page.evaluate('new Promise((done) => setTimeout(done, 200))')
  expect(await page.getByRole('alertdialog').count()).toBe(0)
  await press(0)
  const dialog = page.getByRole('alertdialog', { name: 'Open this link' })
  await dialog.waitFor()
  expect(await dialog.textContent()).toContain('https://evil.example/login')
  expect((await did()).filter((one) => one.startsWith('open'))).toEqual([])
  await dialog.getByRole('button', { name: 'Open the link' }).click()
  await expect.poll(async () => (await did()).filter((one) => one.startsWith('open'))).toEqual(['open https://evil.example/login'])
}, 60_000)

test("a link to localhost is the sandbox's own, and opens nothing on this computer; where both share a network it does", async () => {
  const { page, send, did } = await openTerminal()
  const hosts = ['localhost:3000', '127.0.0.1:8000', '0.0.0.0:8000', '[::1]:5173']
  await send({ type: 'data', data: `${esc}[2J${esc}[H${hosts.map((host) => `http://${host}/\r\n`).join('')}` })
  const press = async (row: number) => {
    const box = await page.locator('.xterm-rows > div').nth(row).boundingBox()
    if (!box) throw new Error('no row')
    await page.mouse.move(box.x + 60, box.y + box.height / 2)
    await page.mouse.move(box.x + 12, box.y + box.height / 2, { steps: 4 })
    await page.locator('.term-hover', { hasText: hosts[row] ?? '' }).waitFor()
    await page.mouse.click(box.x + 12, box.y + box.height / 2)
  }
  for (const [row, host] of hosts.entries()) {
    await press(row)
    const dialog = page.getByRole('dialog', { name: 'This address is inside the sandbox' })
    await dialog.getByText(host).first().waitFor()
    expect(await dialog.getByRole('button', { name: /Open/ }).count()).toBe(0)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  }
  expect((await did()).filter((one) => one.startsWith('open'))).toEqual([])
  await page.evaluate(`(() => {
    const row = window.fixture.state().sandboxes['3fa2b9d15c7e90ab']
    window.fixture.push([{ op: 'sandbox', value: { ...row, isolation: 'bubblewrap' } }])
  })()`)
  await press(0)
  await page.getByRole('alertdialog', { name: 'Open this link' }).getByRole('button', { name: 'Open the link' }).waitFor()
}, 60_000)

test('the search marks what it finds, counts it, and says nothing else', async () => {
  const { page, send, problems } = await openTerminal()
  await send({ type: 'data', data: `${esc}[2J${esc}[Hneedle and needle\r\nand a third needle\r\n` })
  await page.click('.term-host')
  await page.keyboard.press('Control+Shift+F')
  await page.getByRole('searchbox', { name: 'Find in the terminal' }).fill('needle')
  await page.getByText(/^[123] of 3$/).waitFor()
  await expect.poll(() => page.locator('.xterm-find-result-decoration, .xterm-find-active-result-decoration').count()).toBeGreaterThanOrEqual(3)
  await page.keyboard.press('Enter')
  await page.getByText(/^[123] of 3$/).waitFor()
  expect(problems).toEqual([])
}, 60_000)

test('a shell that ends keeps its place: the next keys go to no other one', async () => {
  const { page, send, ups } = await openTerminal()
  await page.evaluate(`(() => {
    const row = window.fixture.state().sandboxes['3fa2b9d15c7e90ab']
    const other = { ...row.terminals[0], id: 't0', title: 'Terminal 2', created_at: '2026-01-01T00:00:00.000Z' }
    window.fixture.push([{ op: 'sandbox', value: { ...row, terminals: [other, { ...row.terminals[0], ended: 'Its shell has ended' }] } }])
  })()`)
  await send({ type: 'end', reason: 'Its shell has ended' })
  await page.getByText('The session has ended').waitFor()
  expect(await page.getByRole('tab', { name: /Terminal 1/, selected: true }).count()).toBe(1)
  await page.keyboard.type('rm')
  expect(typedOf(await ups())).toBe('')
}, 60_000)

test('a program neither writes nor reads the clipboard', async () => {
  const { page, send, ups, problems } = await openTerminal()
  await send({ type: 'data', data: `${esc}]52;c;aGlkZGVu\u0007${esc}]52;c;?\u0007after` })
  await expect.poll(async () => await page.locator('.xterm-rows').textContent()).toContain('after')
  expect(await page.evaluate('window.fixture.copied')).toEqual([])
  const said = await ups()
  expect([answersOf(said), typedOf(said)]).toEqual([[], ''])
  expect(problems).toEqual([])
}, 60_000)

test('only the window in focus sets the size; another shows the size it is told', async () => {
  const { page, send, ups } = await openTerminal()
  await expect.poll(async () => (await ups()).some(({ type }) => type === 'resize')).toBe(true)
  await send({ type: 'focus', yours: false, viewers: 2 })
  const before = (await ups()).length
  await send({ type: 'size', cols: 61, rows: 17 })
  await page.setViewportSize({ width: 1000, height: 700 })
  await page.getByText('61 × 17').waitFor()
  expect((await ups()).slice(before)).toEqual([])
  await page.getByRole('button', { name: 'Take over' }).click()
  expect((await ups()).at(-1)).toEqual({ type: 'focus' })
  await send({ type: 'focus', yours: true, viewers: 2 })
  await expect.poll(async () => (await ups()).at(-1)?.type).toBe('resize')
  expect(await page.getByText('61 × 17').count()).toBe(0)
}, 60_000)

test('output is acknowledged once it is on the screen', async () => {
  const { page, send } = await openTerminal()
  const line = `${'0123456789'.repeat(12)}\r\n`
  await send({ type: 'data', data: line.repeat(2000) + 'the end' })
  expect(await page.locator('.xterm-rows').textContent()).toContain('the end')
}, 60_000)

test('after its end, Enter opens a new one; leaving and coming back closes nothing', async () => {
  const { page, send } = await openTerminal()
  await page.evaluate("location.hash = '#/sandboxes/3fa2b9d15c7e90ab/overview'")
  await page.waitForSelector('.xterm-rows', { state: 'detached' })
  await page.evaluate(`location.hash = '${route}'`)
  await page.waitForSelector('.xterm-rows')
  expect(await page.evaluate("window.fixture.made.filter(({ name }) => name.startsWith('terminal')).length")).toBe(0)
  await send({ type: 'end', reason: 'Its shell has ended' })
  await page.getByText('The session has ended').waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('tab', { name: 'Terminal 2' }).waitFor()
  expect(await page.evaluate("window.fixture.made.filter(({ name }) => name === 'terminal_open').length")).toBe(1)
}, 60_000)

test('its colours follow the theme while it is open', async () => {
  const { page, send } = await openTerminal()
  await send({ type: 'data', data: `${esc}[31mred${esc}[0m` })
  const red = async () => await page.evaluate("getComputedStyle(document.querySelector('.xterm-rows .xterm-fg-1')).color")
  const light = await red()
  await page.evaluate("document.documentElement.dataset.theme = 'dark'")
  await expect.poll(red).not.toBe(light)
}, 60_000)
