import type { Page } from 'playwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { needs } from '../../support/parts.ts'
import { openGallery, type Gallery } from '../../support/ui/gallery-browser.ts'
import { axeFindingsInBothThemes } from '../../support/web/axe.ts'

let gallery: Gallery
let page: Page
let problems: string[]

needs('chromium').describe('Parts, in Chromium', () => {
  beforeAll(async () => {
    gallery = await openGallery('parts-sheet.tsx')
  })
  afterAll(async () => {
    await gallery.close()
  })

  async function open(): Promise<void> {
    await page?.context().close()
    ;({ page, problems } = await gallery.page({ size: { width: 1280, height: 1000 } }))
  }

  const focused = () =>
    page.evaluate(
      "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.dataset.row ?? document.activeElement?.textContent",
    ) as Promise<string>
  const said = () => page.evaluate('window.said') as Promise<string[]>
  const chosen = () => page.evaluate("({ ...document.querySelector('output').dataset })") as Promise<{ chosen: string; current?: string; many?: string }>
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const few = () => page.getByRole('grid', { name: 'Few' })

  describe('accessibility, no rule off', () => {
    test('every part', async () => {
      await open()
      expect(await page.getByRole('grid').count()).toBe(2)
      expect(await axeFindingsInBothThemes(page)).toEqual([])
      await page.getByRole('button', { name: 'Toast' }).click()
      await page.getByText('did not start').waitFor()
      await page.getByRole('button', { name: 'More actions' }).click()
      await page.getByRole('menuitem', { name: 'Open terminal' }).waitFor()
      expect(await axeFindingsInBothThemes(page)).toEqual([])
      await press('Escape')
      await page.getByRole('combobox', { name: 'Image: berth-lite:0.4' }).click()
      await page.getByRole('option', { name: /agent-infra/ }).waitFor()
      expect(await axeFindingsInBothThemes(page)).toEqual([])
      await press('Escape')
      await page.getByRole('button', { name: 'Destroy…' }).click()
      await page.getByRole('alertdialog').waitFor()
      expect(await axeFindingsInBothThemes(page)).toEqual([])
      expect(problems).toEqual([])
    })

    test('no target below 24 px, and every button has a name', async () => {
      await open()
      const bad = await page.evaluate(`[...document.querySelectorAll('button, [role="tab"], input:not([aria-hidden])')].map((one) => {
        const box = (one.closest('label') ?? one).getBoundingClientRect()
        const name = (one.getAttribute('aria-label') ?? one.textContent ?? '').trim()
        return { name, width: box.width, height: box.height, id: one.outerHTML.slice(0, 80) }
      }).filter(({ name, width, height, id }) => (width > 0 && (width < 24 || height < 24)) || (name === '' && !id.startsWith('<input')))`)
      expect(bad).toEqual([])
    })
  })

  describe('the grid', () => {
    beforeEach(() => open())

    test('one tab stop for its heads, one for its rows', async () => {
      await few().getByRole('button', { name: 'Size' }).focus()
      await press('Tab')
      await expect.poll(focused).toBe('alpha')
      await press('Tab')
      await expect.poll(focused).toBe('Size')
      await press('Tab')
      await expect.poll(focused).toBe('row0')
    })

    test('arrows, Home, End, Shift, Space, Ctrl+A, Enter', async () => {
      await few().locator('[data-row="alpha"]').focus()
      await press('ArrowDown')
      await expect.poll(focused).toBe('beta')
      expect(await chosen()).toMatchObject({ chosen: 'beta', current: 'beta' })
      await press('Shift+ArrowDown', 'Shift+ArrowDown')
      expect((await chosen()).chosen).toBe('beta bravo charlie')
      expect(await few().getByRole('row', { selected: true }).count()).toBe(3)
      await press('End')
      await expect.poll(focused).toBe('lima')
      await press('Control+ArrowUp', 'Control+ArrowUp', 'Space')
      expect((await chosen()).chosen.split(' ').sort()).toEqual(['delta', 'lima'])
      await press('Control+a')
      expect((await chosen()).chosen.split(' ')).toHaveLength(7)
      await press('Escape', 'Home', 'Enter')
      await expect.poll(focused).toBe('alpha')
      expect(await said()).toEqual(['open alpha'])
    })

    test('letters find, but those that are commands act; within a word they find as well', async () => {
      await few().locator('[data-row="alpha"]').focus()
      await page.keyboard.type('br', { delay: 5 })
      await expect.poll(focused).toBe('bravo')
      await press('t')
      // A word had been begun: "brt" finds nothing, and nothing happens.
      expect(await said()).toEqual(['t bravo'])
      await page.evaluate('new Promise((done) => setTimeout(done, 800))')
      await press('l')
      await expect.poll(focused).toBe('bravo')
      await press('c')
      await expect.poll(focused).toBe('charlie')
    })

    test("→ reaches a row's buttons, Esc goes back", async () => {
      await few().locator('[data-row="beta"]').focus()
      await press('ArrowRight')
      await expect.poll(focused).toBe('Open terminal in beta')
      await press('Enter')
      expect(await said()).toEqual(['terminal beta'])
      await press('ArrowRight')
      await expect.poll(focused).toBe('More of beta')
      await press('Escape')
      await expect.poll(focused).toBe('beta')
    })

    test('the focus stays in the list when its row goes', async () => {
      await few().locator('[data-row="beta"]').focus()
      await page.evaluate("window.drop('beta')")
      await expect.poll(focused).toBe('bravo')
      expect((await chosen()).current).toBe('bravo')
      await page.getByRole('button', { name: 'Pull', exact: true }).focus()
      await page.evaluate("window.drop('bravo')")
      await expect.poll(async () => (await chosen()).current).toBe('charlie')
      await expect.poll(focused).toBe('Pull')
    })

    test('the order changes, the choice does not', async () => {
      await few().locator('[data-row="beta"]').click()
      await few().getByRole('button', { name: 'Size' }).click()
      expect((await chosen()).current).toBe('beta')
      expect(await few().getByRole('columnheader', { name: 'Size' }).getAttribute('aria-sort')).toBe('descending')
    })

    test('a thousand rows: few in the page, numbered rightly, reachable to the last', async () => {
      const many = page.getByRole('grid', { name: 'Many' })
      expect(await many.getAttribute('aria-rowcount')).toBe('1001')
      expect(await many.locator('[data-row]').count()).toBeLessThan(60)
      await many.locator('[data-row="row0"]').focus()
      await press('End')
      await expect.poll(focused).toBe('row999')
      expect(await many.locator('[data-row="row999"]').getAttribute('aria-rowindex')).toBe('1001')
      const inSight =
        "(() => { const row = document.activeElement.getBoundingClientRect(), box = document.activeElement.closest('.scroll.list').getBoundingClientRect(); return row.bottom <= box.bottom + 1 && row.top >= box.top + 27 })()"
      await expect.poll(() => page.evaluate(inSight)).toBe(true)
      await press('PageUp', 'ArrowUp')
      await expect.poll(() => page.evaluate(inSight)).toBe(true)
      await press('Home')
      await expect.poll(focused).toBe('row0')
      await expect.poll(() => page.evaluate(inSight)).toBe(true)
      // Scrolled away by the wheel, the row under the keyboard still takes its keys.
      await page.evaluate("document.querySelectorAll('.scroll.list')[1].scrollTop = 12000")
      await page.evaluate('new Promise((done) => setTimeout(done, 100))')
      await press('ArrowDown')
      await expect.poll(focused).toBe('row1')
    })
  })

  describe('dialog, menu, select, tabs, segments', () => {
    beforeEach(() => open())

    test('a dialog that asks: the safe button has the focus, Tab stays inside, Esc closes, the focus returns', async () => {
      await page.getByRole('button', { name: 'Destroy…' }).focus()
      await press('Enter')
      const dialog = page.getByRole('alertdialog', { name: 'Destroy pricing-research?' })
      await dialog.waitFor()
      await expect.poll(focused).toBe('Cancel')
      const seen: string[] = []
      for (let turn = 0; turn < 4; turn += 1) {
        await press('Tab')
        // At the end a guard takes the focus for a moment and hands it on.
        await expect
          .poll(() => page.evaluate("document.activeElement.closest('[role=alertdialog]') !== null && document.activeElement.matches('button')"))
          .toBe(true)
        seen.push(await focused())
      }
      expect(new Set(seen)).toEqual(new Set(['Keep its log', 'Cancel', 'Destroy 1 sandbox']))
      await page.mouse.click(5, 5)
      expect(await dialog.isVisible()).toBe(true)
      await press('Escape')
      await dialog.waitFor({ state: 'hidden' })
      await expect.poll(focused).toBe('Destroy…')
      expect(await said()).toEqual([])
    })

    test('a menu: arrows, letters, skips what is disabled, Enter runs, Esc gives the focus back', async () => {
      const button = page.getByRole('button', { name: 'More actions' })
      await button.focus()
      await press('Enter')
      await page.getByRole('menu').waitFor()
      await expect.poll(focused).toContain('Open terminal')
      await press('ArrowDown')
      await expect.poll(focused).toContain('Reveal')
      await page.keyboard.type('d')
      await expect.poll(focused).toContain('Destroy')
      await press('Escape')
      await expect.poll(focused).toBe('More actions')
      await press('Enter', 'ArrowDown', 'Enter')
      await expect.poll(said).toEqual(['reveal'])
    })

    test('a select by keyboard', async () => {
      await page.getByRole('combobox', { name: 'Image: berth-lite:0.4' }).focus()
      await press('Enter')
      await page.getByRole('listbox', { name: 'Image' }).waitFor()
      await press('ArrowDown', 'Enter')
      await page.getByRole('combobox', { name: 'Image: agent-infra/sandbox:1.11.0' }).waitFor()
    })

    test('tabs: arrows move, Enter opens', async () => {
      await page.getByRole('tab', { name: 'One' }).focus()
      await press('ArrowRight')
      await expect.poll(focused).toContain('Two')
      expect(await page.getByRole('tabpanel').textContent()).toBe('Panel one')
      await press('Enter')
      await expect.poll(() => page.getByRole('tabpanel').textContent()).toBe('Panel two')
    })

    test('segments choose as the arrows move; filters only move', async () => {
      await page.getByRole('radio', { name: 'Both' }).focus()
      await press('ArrowRight')
      expect(await page.getByRole('radio', { name: 'Out' }).getAttribute('aria-checked')).toBe('true')
      await press('Tab')
      await expect.poll(focused).toContain('All')
      await press('ArrowRight')
      expect(await page.getByRole('button', { name: 'Warm 3' }).getAttribute('aria-pressed')).toBe('false')
      await press('Space')
      expect(await page.getByRole('button', { name: 'Warm 3' }).getAttribute('aria-pressed')).toBe('true')
    })

    test('a field: Enter saves, Esc puts back; a search: Esc empties', async () => {
      await page.getByRole('textbox', { name: 'Replicas' }).focus()
      await press('Enter', 'Escape')
      expect(await said()).toEqual(['save ten'])
      expect(await page.getByRole('textbox', { name: 'Replicas' }).inputValue()).toBe('8')
      await page.getByRole('searchbox', { name: 'Filter' }).fill('warm')
      await press('Escape')
      expect(await page.getByRole('searchbox', { name: 'Filter' }).inputValue()).toBe('')
    })

    test('a busy button takes no press', async () => {
      await page.getByRole('button', { name: 'Pulling' }).click()
      await page.getByRole('button', { name: 'New sandbox' }).click()
      expect(await said()).toEqual(['primary'])
    })

    test('copy says so, and goes back by itself; code is copied whole by Ctrl+C', async () => {
      const copy = page.getByRole('button', { name: 'Copy', exact: true }).first()
      await copy.click()
      await page.getByRole('button', { name: 'Copied' }).waitFor()
      await page.getByRole('button', { name: 'Copied' }).waitFor({ state: 'detached' })
      await page.getByRole('group', { name: 'Command' }).focus()
      await press('Control+c')
      await expect.poll(said).toEqual(['copied whole text', 'copied berth exec --thread demo -- uname -a'])
    })

    test('a toast that stays can be acted on and dismissed', async () => {
      await page.getByRole('button', { name: 'Toast' }).click()
      await page.getByRole('button', { name: 'Open log' }).click()
      expect(await said()).toEqual(['log'])
      expect(await page.getByText('did not start').count()).toBe(0)
      for (let turn = 0; turn < 5; turn += 1) await page.getByRole('button', { name: 'Toast' }).click()
      expect(await page.getByText('did not start').count()).toBe(3)
      await page.getByRole('button', { name: 'Dismiss' }).first().click()
      expect(await page.getByText('did not start').count()).toBe(2)
    })
  })
})
