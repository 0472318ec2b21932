import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../../support/parts.ts'
import { openGallery, type Gallery, type GalleryAsk } from '../../support/ui/gallery-browser.ts'
import { axeFindings } from '../../support/web/axe.ts'

let gallery: Gallery
let page: Page
let problems: string[]

/** What of a dialog is outside of it or of the page, and which of its buttons a pointer cannot reach. */
function misfits(box: Element): string[] {
  const { left, right, top, bottom } = box.getBoundingClientRect()
  const named = (one: Element) => one.outerHTML.slice(0, 120)
  const outside = [...box.querySelectorAll('*')].filter((one) => {
    const own = one.getBoundingClientRect()
    return own.width > 0 && (own.left < left - 1 || own.right > right + 1) && one.closest('pre, .cut, td, th, .sr') === null
  })
  const beyond = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight ? [] : ['the dialog itself']
  const sideways = document.documentElement.scrollWidth <= innerWidth ? [] : ['the page scrolls sideways']
  const hidden = [...box.querySelectorAll('button')].filter((button) => {
    button.scrollIntoView({ block: 'nearest' })
    const own = button.getBoundingClientRect()
    return own.width > 0 && !button.contains(document.elementFromPoint((own.left + own.right) / 2, (own.top + own.bottom) / 2))
  })
  return [...beyond, ...sideways, ...outside.map((one) => `outside: ${named(one)}`), ...hidden.map((one) => `not to be reached: ${named(one)}`)]
}

needs('chromium').describe('The list of sandboxes, in Chromium', () => {
  beforeAll(async () => {
    // The longest lists are drawn here; React's own warnings are for frame.test.ts, which shows this list too.
    gallery = await openGallery('gallery.tsx', 'production')
  })
  afterAll(async () => {
    await gallery.close()
  })

  async function open(ask: GalleryAsk = {}): Promise<void> {
    await page?.context().close()
    ;({ page, problems } = await gallery.page(ask))
  }

  const violations = () => axeFindings(page)
  const rows = () => page.evaluate("[...document.querySelectorAll('[data-row]')].map((row) => row.querySelector('th').textContent)") as Promise<string[]>
  const made = () => page.evaluate('window.fixture.made.map(({ name, input }) => [name, input])') as Promise<[string, Record<string, unknown>][]>
  const focused = () => page.evaluate('document.activeElement.textContent') as Promise<string>
  const row = (name: string) => page.getByRole('row').filter({ hasText: name })
  /** The engine's answers to some calls from now on, as the body of a function of `input`. */
  const answer = (name: string, body: string) =>
    page.evaluate(`(() => {
    const { endpoint } = window.fixture
    const before = endpoint.call
    endpoint.call = async (name, input, options) => name === ${JSON.stringify(name)} ? await (async (input) => { ${body} })(input) : before(name, input, options)
  })()`)

  test.each([1280, 900])('every button of a row lies within its cell, %d wide', async (width) => {
    await open({ size: { width, height: 800 } })
    const outside = await page.evaluate(() =>
      [...document.querySelectorAll('[data-row] td')].flatMap((cell) =>
        [...cell.querySelectorAll('button')].flatMap((button) => {
          const [own, its] = [button.getBoundingClientRect(), cell.getBoundingClientRect()]
          return own.width === 0 || (own.left >= its.left - 2 && own.right <= its.right + 2) ? [] : [button.outerHTML.slice(0, 120)]
        }),
      ),
    )
    expect(outside).toEqual([])
    expect(await page.locator('[data-row] td button').count()).toBeGreaterThan(10)
  })

  describe('accessibility, no rule off', () => {
    // Menus, dialogs and the usual states in a wide window are looked at over a real engine, in either theme: e2e/web/access.test.ts.
    const narrow = ['dark', { width: 900, height: 600 }] as const
    // Each size in another theme: what folds has no colours of its own.
    const both = [['light', { width: 1280, height: 800 }], narrow] as const
    test.each<[string, string, typeof both | readonly [typeof narrow]]>([
      ['house', 'pricing-research', [narrow]],
      ['empty', 'No sandboxes yet', [narrow]],
      ['missing', 'Nothing here can run a sandbox yet', [narrow]],
      ['embedded', 'Sandboxes are processes', [narrow]],
      ['gone', 'Unknown', both],
      ['warned', 'config.yaml has an error', both],
      ['many', 'of 68', both],
      ['crowd', 'of 264', both],
    ])('%s', async (fixture, text, windows) => {
      for (const [theme, size] of windows) {
        await open({ fixture, theme, size })
        await page.getByText(text).first().waitFor()
        expect(await violations()).toEqual([])
        expect(problems).toEqual([])
      }
    })

    test('at 200% zoom of a small window', async () => {
      await open({ size: { width: 640, height: 400 } })
      await row('pricing-research').waitFor()
      expect(await violations()).toEqual([])
    })
  })

  test("a dialog and a row's menu come by their keys and go by Escape", async () => {
    await open()
    await row('pricing-research').click()
    await page.keyboard.press('Shift+F10')
    await page.getByRole('menuitem', { name: 'Copy exec command' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('menuitem').first().waitFor({ state: 'detached' })
    for (const [key, title] of [
      ['n', 'New sandbox'],
      ['Delete', 'Destroy pricing-research?'],
      ['r', 'Release pricing-research?'],
    ] as const) {
      await page.keyboard.press(key)
      await page.getByRole('heading', { name: title }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('heading', { name: title }).waitFor({ state: 'detached' })
    }
    expect(problems).toEqual([])
  })

  test('is worked by keyboard: found, opened, filtered, sorted', async () => {
    await open()
    await row('ci-flake-hunt').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('holder:deer status:act')
    expect(await rows()).toEqual(['pricing-research', '0c2e6a1b…f6c3e'])
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('t')
    await page.waitForURL(/#\/sandboxes\/0c2e6a1b5c7e90ab\/terminal/)
    // The way back leads to the list as it was left.
    await page.goBack()
    await row('pricing-research').waitFor()
    expect(await rows()).toEqual(['pricing-research', '0c2e6a1b…f6c3e'])
    await page.keyboard.press('/')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Memory' }).focus()
    await page.keyboard.press('Enter')
    expect((await rows()).filter((name) => !/Slot|ci-flake|invoice/.test(name)).slice(0, 3)).toEqual([
      '0c2e6a1b…f6c3e',
      'etl-backfill-2026-q3',
      'pricing-research',
    ])
    expect(problems).toEqual([])
  })

  test('says so when nothing matches, and offers a way out', async () => {
    await open()
    await page.keyboard.press('/')
    await page.keyboard.type('nothing-like-it')
    await page.getByText('No sandbox matches “nothing-like-it”.').waitFor()
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    expect((await rows()).length).toBe(11)
  })

  test('keeps its order while everything in it changes, and the focus where it is', async () => {
    await open({ fixture: 'crowd' })
    await row('docs-crawl-005').click()
    const before = await rows()
    for (let round = 0; round < 10; round += 1) {
      await page.evaluate(
        `window.fixture.push(Object.values(window.fixture.state().sandboxes).map((value) => ({ op: 'sandbox', value: { ...value, last_activity_at: new Date().toISOString(), expires_at: new Date(Date.now() + Math.random() * 600000).toISOString() } })))`,
      )
      expect(await rows()).toEqual(before)
    }
    expect(await page.evaluate("document.activeElement.querySelector('th').textContent")).toBe('docs-crawl-005')
    // What is being stopped keeps its line too, until it is gone.
    await page.evaluate(
      "window.fixture.push(Object.values(window.fixture.state().sandboxes).filter(({ thread }) => thread === 'pricing-004').map((value) => ({ op: 'sandbox', value: { ...value, status: 'stopping' } })))",
    )
    await row('pricing-004').getByText('Stopping').waitFor()
    expect(await rows()).toEqual(before)
    expect(problems).toEqual([])
  })

  test('acts on several at once, with one word for all of them', async () => {
    await open()
    await row('pricing-research').click()
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await page.getByText('3 selected').waitFor()
    await answer(
      'destroy',
      "if (input.id.startsWith('0c2e')) throw new Error('the engine refused')\n window.fixture.push([{ op: 'sandbox_gone', id: input.id }])\n return { destroyed: true }",
    )
    await page.keyboard.press('Delete')
    // The choice that loses nothing has the focus.
    await page.getByRole('heading', { name: 'Destroy 3 sandboxes?' }).waitFor()
    await expect.poll(focused).toBe('Keep')
    await page.getByRole('button', { name: 'Destroy 3 sandboxes' }).click()
    await page.getByText(/2 done, 1 not: .*the engine refused/).waitFor()
    expect(await rows()).not.toContain('pricing-research')
    expect(await rows()).toContain('0c2e6a1b…f6c3e')
  })

  test('a menu on one of several chosen rows is about all of them; on another row it chooses that one', async () => {
    await open()
    await row('pricing-research').click()
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await page.getByText('3 selected').waitFor()
    await row('0c2e6a1b…f6c3e').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Destroy 3…' }).click()
    await page.getByRole('heading', { name: 'Destroy 3 sandboxes?' }).waitFor()
    await page.keyboard.press('Escape')
    await row('docs-crawl').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Copy thread' }).waitFor()
    await page.getByRole('menuitem', { name: 'Destroy', exact: true }).click()
    await page.getByRole('heading', { name: 'Destroy docs-crawl?' }).waitFor()
  })

  test('a key that ends something needs a row that has the focus, and more than ⌫', async () => {
    await open()
    const asked = () => page.getByRole('alertdialog').count()
    await page.keyboard.press('ArrowDown')
    await page.locator('[data-row]:focus').waitFor()
    await page.keyboard.press('Backspace')
    await page.getByRole('link', { name: /^Bridge/ }).focus()
    for (const key of ['Control+Backspace', 'Delete']) await page.keyboard.press(key)
    await row('docs-crawl').click()
    await page.evaluate('document.activeElement.blur()')
    for (const key of ['Control+Backspace', 'Delete', 'Backspace']) await page.keyboard.press(key)
    expect(await asked()).toBe(0)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Control+Backspace')
    await page.getByRole('alertdialog').waitFor()
  })

  test('the way back finds the row that was chosen, with the focus', async () => {
    await open()
    await row('docs-crawl').click()
    await page.keyboard.press('Enter')
    await page.getByRole('tab', { name: 'Overview', selected: true }).waitFor()
    // What had the focus has gone with the list: it is not nowhere.
    expect(await page.evaluate('document.activeElement === document.body')).toBe(false)
    await page.goBack()
    await page.locator('[data-row]:focus', { hasText: 'docs-crawl' }).waitFor()
    expect(await row('docs-crawl').getAttribute('aria-selected')).toBe('true')
  })

  test('the foot tells the keys that act where the focus is', async () => {
    await open({ route: '#/sandboxes/3fa2b9d15c7e90ab/terminal' })
    await page.locator('.xterm-helper-textarea:focus').waitFor()
    const told = () => page.locator('.foot .keys').innerText()
    expect((await told()).replaceAll(/\s+/g, ' ')).toContain('Ctrl Shift K Commands')
    await page.keyboard.press('Control+k')
    expect(await page.getByRole('dialog').count()).toBe(0)
    await page.keyboard.press('Control+Shift+K')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.goto(page.url().replace(/#.*/, '#/sandboxes'))
    await row('docs-crawl').click()
    await expect.poll(told).toContain('Destroy')
    await page.keyboard.press('/')
    // In a field letters are text: none of the row's keys is told.
    await expect.poll(told).not.toMatch(/Destroy|Terminal/)
    expect(await told()).toContain('Commands')
  })

  test('a name is one text, cut or not: read, found and copied as it is', async () => {
    await open({ size: { width: 900, height: 600 } })
    await page.evaluate(
      "window.fixture.push(Object.values(window.fixture.state().sandboxes).filter(({ thread }) => thread === 'docs-crawl').map((value) => ({ op: 'sandbox', value: { ...value, thread: 'berth-website-and-its-documentation-of-the-third-quarter' } })))",
    )
    const cut = page.locator('th .mid-cut[data-tail]').first()
    await cut.waitFor()
    const whole = await cut.getAttribute('title')
    expect(await cut.innerText()).toBe(whole)
    expect(await cut.evaluate((element) => element.querySelectorAll('span').length)).toBe(1)
    expect(await cut.evaluate((element) => getComputedStyle(element.firstElementChild as Element).userSelect)).toBe('text')
    expect(await page.getByRole('rowheader', { name: whole ?? '', exact: true }).count()).toBe(1)
  })

  test("asks before somebody else's hold ends, and ends the chosen ones only", async () => {
    await open()
    await row('fix-login-redirect').click()
    await page.keyboard.press('r')
    await page.getByRole('checkbox', { name: /session:me/ }).click()
    await page.getByRole('button', { name: 'Release 1 of 2 holds' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect((await made()).filter(([name]) => name === 'release')).toEqual([['release', { id: '51ce08b75c7e90ab', holder: 'coder-mcp' }]])
  })

  test('makes one by hand: a wrong name is told at its field, a right one says what it will be', async () => {
    await open()
    await page.keyboard.press('n')
    await page.keyboard.type('not a name')
    await page.getByText('A thread id must be 1 to 64 of').waitFor()
    await page.getByRole('button', { name: 'Use not-a-name' }).click()
    expect(await page.getByLabel('Thread').inputValue()).toBe('not-a-name')
    await page.getByText('New. Its files will be kept').waitFor()
    await page.getByLabel('Thread').fill('last-weeks-report')
    await page.getByText('It is known, and has 12 files, 4.02 MiB').waitFor()
    await page.getByLabel('Thread').fill('docs-crawl')
    await page.getByText('It has a warm sandbox: you get that one.').waitFor()
    await page.getByLabel('Thread').fill('mine')
    await page.getByText(/acquire --thread mine/).waitFor()
    await answer('acquire', "throw Object.assign(new Error('No place became free'), {})")
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('No place became free').waitFor()
    await answer('acquire', "return { id: '7d10ca525c7e90ab' }")
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.waitForURL(/#\/sandboxes\/7d10ca525c7e90ab\/terminal/)
  })

  test('every dialog stays within the page, at any size, and its buttons can be reached', async () => {
    const long = 'an-agent-with-a-name-of-all-the-sixty-four-letters-that-it-may-be'.slice(0, 64)
    const named = `window.fixture.push(Object.values(window.fixture.state().sandboxes).filter(({ thread }) => thread === 'pricing-research').map((value) => ({ op: 'sandbox', value: { ...value, thread: '${long}' } })))`
    const dialogs: readonly (readonly [title: string, fixture: string, open: () => Promise<unknown>])[] = [
      ['New sandbox', 'house', () => page.keyboard.press('n')],
      ['Keys', 'house', () => page.keyboard.press('?')],
      [`Destroy ${long}?`, 'house', () => page.keyboard.press('Delete')],
      [`Release ${long}?`, 'house', () => page.keyboard.press('r')],
      ['Shut down all sandboxes?', 'house', () => page.getByRole('button', { name: /Shut down all/ }).click()],
      ['What the embedded backend isolates', 'embedded', () => page.getByRole('button', { name: /What that means/ }).click()],
    ]
    const sizes = [
      { width: 1280, height: 800 },
      { width: 640, height: 400 },
      { width: 450, height: 300 },
    ]
    for (const fixture of ['house', 'embedded']) {
      await open({ fixture })
      if (fixture === 'house') {
        await page.evaluate(named)
        await row(long).click()
      }
      for (const [title, , show] of dialogs.filter(([, its]) => its === fixture)) {
        await show()
        const dialog = page.locator('.dialog', { hasText: title })
        await dialog.waitFor()
        if (title === 'New sandbox') {
          await answer('acquire', 'await new Promise(() => undefined)')
          await page.keyboard.type('mine')
          await page.keyboard.press('Enter')
          await page.evaluate(
            "document.querySelector('.dialog .work .say').textContent = 'Step 4/9 : RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl git python3 python3-venv ripgrep'",
          )
        }
        for (const size of sizes) {
          await page.setViewportSize(size)
          expect([size, title, await dialog.evaluate(misfits)]).toEqual([size, title, []])
        }
        await page.setViewportSize(sizes[0] ?? { width: 1280, height: 800 })
        await page.keyboard.press('Escape')
        await dialog.waitFor({ state: 'detached' })
      }
    }
    // The list behind them keeps which sandbox a row is about.
    await open({ size: { width: 450, height: 300 } })
    expect(
      await row('docs-crawl')
        .getByRole('rowheader')
        .evaluate((cell) => cell.getBoundingClientRect().width),
    ).toBeGreaterThan(120)
  })

  test('a failed one can be tried again, read and dismissed from its row', async () => {
    await open()
    await row('invoice-ocr').getByRole('button', { name: 'Show why' }).click()
    await page.getByText('GET /v1/sandbox: 502 Bad Gateway').waitFor()
    await page.getByText('upstream closed').waitFor()
    expect(await page.getByRole('group', { name: 'What to run' }).allInnerTexts()).toEqual(['docker build -t invoice-sandbox:3 .'])
    const heading = await page.getByRole('heading', { level: 1 }).evaluate((one) => [one.scrollWidth, one.clientWidth])
    expect(heading[0]).toBe(heading[1])
    await page.getByRole('tab', { name: 'Logs' }).click()
    await page.getByText('upstream closed').waitFor()
    await page.getByRole('link', { name: 'Back to Sandboxes' }).click()
    await answer('acquire', 'window.fixture.made.push({ name: "acquire", input })\n return { id: "9e01c4aa5c7e90ab" }')
    await row('invoice-ocr').getByRole('button', { name: 'Try again' }).click()
    await expect.poll(made).toContainEqual(['acquire', { thread: 'invoice-ocr', user: 'default', holder: 'desktop' }])
    await row('invoice-ocr').getByRole('button', { name: 'Dismiss' }).click()
    await row('invoice-ocr').waitFor({ state: 'detached' })
  })

  test("shuts down all: asks, shows each going, and names who is left with the engine's words", async () => {
    await open()
    await answer(
      'shutdown',
      `
      const { fixture } = window
      const ids = Object.keys(fixture.state().sandboxes)
      fixture.push(ids.map((id) => ({ op: 'sandbox', value: { ...fixture.state().sandboxes[id], status: 'stopping' } })))
      await new Promise((done) => { window.finish = done })
      fixture.push(ids.filter((id) => id !== 'b7d01f3e5c7e90ab').map((id) => ({ op: 'sandbox_gone', id })))
      return { destroyed: [], failed: [{ id: 'b7d01f3e5c7e90ab', error: '409 Conflict: removal is already in progress' }] }`,
    )
    await page.getByRole('button', { name: /Shut down all/ }).click()
    await page.getByText('4 are in use, and 3 of them are working').waitFor()
    await expect.poll(focused).toBe('Cancel')
    expect(await violations()).toEqual([])
    await page.getByText('python backfill.py').waitFor()
    await page.getByRole('button', { name: 'Shut down 10 sandboxes' }).click()
    await page.getByRole('heading', { name: 'Shutting down 10 sandboxes' }).waitFor()
    await page.getByRole('listitem').filter({ hasText: 'pricing-research' }).getByText('stopping').waitFor()
    expect(await violations()).toEqual([])
    // Closed, it goes on, and comes back with what was left.
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.evaluate('window.finish()')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByRole('heading', { name: '9 of 10 are shut down, 1 is not' }).waitFor()
    await page.getByText('409 Conflict').waitFor()
    expect(await violations()).toEqual([])
    await answer('destroy', "window.fixture.push([{ op: 'sandbox_gone', id: input.id }])\n return { destroyed: true }")
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: '10 sandboxes are shut down' }).waitFor()
    expect(problems).toEqual([])
  })

  test('measures only while it is looked at', async () => {
    await open()
    const topics = () => page.evaluate('window.fixture.topics()')
    expect(await topics()).toContain('gauges')
    await page.evaluate(
      "Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' }); document.dispatchEvent(new Event('visibilitychange'))",
    )
    await expect.poll(topics).toEqual([])
    await page.evaluate(
      "Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'visible' }); document.dispatchEvent(new Event('visibilitychange'))",
    )
    await expect.poll(topics).toContain('gauges')
  })

  test('goes from no engine to the list by itself', async () => {
    await open({ fixture: 'missing' })
    await page.getByText('2 acquires are waiting').waitFor()
    await page.getByRole('button', { name: 'Try now' }).click()
    await page.getByText('Still not: connection refused.').waitFor()
    await page.evaluate(
      "(() => { const { house } = window.fixture.state(); window.fixture.push([{ op: 'house', value: { ...house, backend: { ...house.backend, kind: 'docker', reachable: true, problem: null, fixes: [] } } }]) })()",
    )
    await page.getByText('No sandboxes yet').waitFor()
    expect(problems).toEqual([])
  })
})
