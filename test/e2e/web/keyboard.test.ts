import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Page } from 'playwright'
import { needs } from '../../support/parts.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'
import { isReserved, keyboardOf, type Keyboard } from '../../support/web/keyboard.ts'
import { quiet, rowOf, shows } from '../../support/web/screens.ts'
import { acquired, threadOf, visit, type Visit } from '../../support/web/visit.ts'

needs('docker', 'lite-image', 'chromium').describe('the life of a sandbox with the keyboard only', () => {
  const thread = threadOf('keys')
  let here: Visit
  let dir: TempDir
  let page: Page
  let keys: Keyboard

  beforeAll(async () => {
    dir = await tempDir('keys')
    here = await visit()
    page = here.page
    await shows(page, 'No sandboxes yet')
    keys = await keyboardOf(page)
    // From now on, and not only once it is waited for: a dialog that comes in between would be answered by nobody.
    page.on('filechooser', () => undefined)
  })
  afterAll(async () => {
    await here?.close()
    await dir?.remove()
  })

  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
  const button = (name: string | RegExp) => page.getByRole('button', { name }).filter({ visible: true }).first()
  const part = (which: { name?: string; selected?: boolean }) => page.getByRole('tablist', { name: 'Parts of this sandbox' }).getByRole('tab', which)
  const screen = () => page.locator('.xterm-rows').innerText()
  const found = () => page.getByRole('option').first()

  it('is not told with keys that a browser keeps, nor does anything need one', async () => {
    for (const kept of ['Control+t', 'Control+Shift+T', 'Meta+n', 'Control+w', 'Control+Tab', 'Control+Shift+Tab', 'Meta+1', 'Control+9'])
      await expect(keys.press(kept)).rejects.toThrow('belongs to the browser')
    for (const ours of ['Control+k', 'Control+Shift+K', 't', 'n', 'Tab', '1', 'Backspace', 'Control+Backspace']) expect(isReserved(ours)).toBe(false)
    await keys.press('?')
    const dialog = page.getByRole('dialog', { name: 'Keys' })
    await dialog.waitFor()
    const shown = await dialog.locator('kbd').allInnerTexts()
    expect(shown.length).toBeGreaterThan(8)
    const named = await dialog.locator('dd > span').allInnerTexts()
    for (const one of named) expect([one, isReserved(one.replaceAll(/\s+/g, '+').replaceAll('Ctrl', 'Control'))]).toEqual([one, false])
    await keys.press('Escape')
  })

  it('begins: made, with a terminal that has the focus', async () => {
    await keys.press('n')
    await keys.type(thread)
    await keys.press('Enter')
    await shows(page, 'Terminal 1', 30_000)
    await page.locator('.xterm-helper-textarea').waitFor({ state: 'attached' })
    await eventually('the terminal has the focus', () => page.evaluate(() => document.activeElement?.classList.contains('xterm-helper-textarea') ?? false))
    // A terminal takes every key: what would be a command elsewhere is typed.
    await keys.type('echo ntlr?-$((20+22))')
    await keys.press('Enter')
    await eventually('it answers', async () => (await screen()).includes('ntlr?-42'))
  })

  it('goes on: out of the terminal, to the list and into every part of it', async () => {
    await keys.press('Control+Shift+K')
    await found().waitFor()
    await keys.type('sandboxes')
    await keys.press('Enter')
    await rowOf(page, thread).waitFor()
    await keys.press('/')
    await keys.type(thread)
    await keys.press('ArrowDown', 'Enter')
    await part({ name: 'Overview', selected: true }).waitFor()
    for (const name of ['Terminal', 'Files', 'Logs', 'Stats', 'Mounts', 'Events']) {
      const tab = part({ name })
      await keys.to(part({ selected: true }), 'Shift+Tab')
      await keys.to(tab, 'ArrowRight')
      await keys.press('Enter')
      await part({ name, selected: true }).waitFor()
      // The way back to the tabs from a terminal: its keys are the program's, so its own way out.
      if (name === 'Terminal') await leaveTerminal()
    }
  })

  async function leaveTerminal(): Promise<void> {
    const inside = () => page.evaluate(() => document.activeElement?.closest('.xterm') !== null)
    if (!(await inside())) return
    await keys.press('Control+Shift+K')
    await found().waitFor()
    await keys.type('open logs')
    await keys.press('Enter')
    await part({ name: 'Logs', selected: true }).waitFor()
  }

  it('has its files brought and looked at', async () => {
    const source = join(dir.path, 'brought.txt')
    await writeFile(source, 'brought by keyboard\n')
    await keys.to(part({ selected: true }), 'Shift+Tab')
    await keys.to(part({ name: 'Files' }), 'ArrowLeft')
    await keys.press('Enter')
    await shows(page, 'On this computer:')
    const upload = page.getByRole('button', { name: 'Upload', exact: true, disabled: false })
    await keys.to(upload)
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), keys.press('Enter')])
    await chooser.setFiles(source)
    const row = page.getByRole('row').filter({ hasText: 'brought.txt' })
    await row.waitFor()
    await keys.to(row)
    await keys.press('Enter')
    await shows(page, 'brought by keyboard')
    const download = page.locator('.preview header').getByRole('button', { name: 'Download' })
    await keys.to(download, 'Shift+Tab')
    const [saved] = await Promise.all([page.waitForEvent('download'), keys.press('Enter')])
    expect(await readFile(await saved.path(), 'utf8')).toBe('brought by keyboard\n')
    await keys.press('Escape')
    await eventually(
      'the file has the focus again',
      async () => (await focused()).includes('brought.txt') && page.evaluate(() => document.activeElement?.matches('[data-row]') ?? false),
    )
  })

  it('is released, and reclaimed by an agent and by hand', async () => {
    await keys.press('g', 's')
    const row = rowOf(page, thread)
    await row.waitFor()
    await chooseRow()
    await keys.press('r')
    await row.getByText('Warm').waitFor()
    await acquired(here.engine, thread)
    await row.getByText('Active').waitFor()
    await chooseRow()
    await keys.press('r')
    // It is an agent's: the answer that changes nothing has the focus.
    await eventually('it asks', async () => (await focused()) === 'Keep')
    await keys.to(button('Release all holds'))
    await keys.press('Enter')
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
    await row.getByText('Warm').waitFor()
    await keys.press('n')
    await eventually('the field has the focus', () =>
      page.evaluate(() => document.activeElement?.tagName === 'INPUT' && document.activeElement.closest('[role="dialog"]') !== null),
    )
    await keys.type(thread)
    await shows(page, 'It has a warm sandbox: you get that one.')
    await keys.press('Enter')
    await part({ name: 'Terminal', selected: true }).waitFor()
    await eventually('its terminal is the one of before', async () => (await screen()).includes('ntlr?-42'))
  })

  async function chooseRow(): Promise<void> {
    await keys.press('/')
    await keys.press('Control+a')
    await keys.type(thread)
    await keys.press('ArrowDown')
    await eventually('the row has the focus', async () => (await focused()).includes(thread))
  }

  it('is destroyed', async () => {
    await keys.press('Control+Shift+K')
    await found().waitFor()
    await keys.type('sandboxes')
    await keys.press('Enter')
    await rowOf(page, thread).waitFor()
    await chooseRow()
    await keys.press('Control+Backspace')
    await eventually('it asks', async () => (await focused()) === 'Keep')
    await keys.to(button(`Destroy ${thread}`))
    await keys.press('Enter')
    await expect.poll(async () => (await here.engine.client.call('list', {})).sandboxes.length, { timeout: 20_000 }).toBe(0)
    await shows(page, 'No sandboxes yet')
  })

  it('and all of them are shut down', async () => {
    const [one, two] = [threadOf('one'), threadOf('two')]
    await acquired(here.engine, one)
    await acquired(here.engine, two)
    // The list still looks for what was looked for last, and says so.
    await shows(page, `No sandbox matches “${thread}”.`)
    await keys.to(button('Clear the filter'))
    await keys.press('Enter')
    await rowOf(page, two).getByText('Active').waitFor()
    await keys.press('Control+k')
    await found().waitFor()
    await keys.type('shut down')
    await keys.press('Enter')
    await shows(page, 'Shut down all sandboxes?')
    await keys.to(button(/Shut down \d+ sandbox/))
    await keys.press('Enter')
    await shows(page, /are shut down/, 60_000)
    await keys.to(button('Close'))
    await keys.press('Enter')
    await shows(page, 'No sandboxes yet')
  })

  it('without a pointer, and with a quiet console', async () => {
    expect(await keys.pointed()).toBe(false)
    quiet(here.tab.complaints)
  })
})
