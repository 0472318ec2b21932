import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../../support/parts.ts'
import { openGallery, type Gallery, type GalleryAsk } from '../../support/ui/gallery-browser.ts'
import { axeFindings, axeFindingsInBothThemes } from '../../support/web/axe.ts'

let gallery: Gallery
let page: Page
let problems: string[]

needs('chromium').describe('The frame, in Chromium', () => {
  beforeAll(async () => {
    gallery = await openGallery()
  })
  afterAll(async () => {
    await gallery.close()
  })

  async function open(ask: GalleryAsk = {}): Promise<void> {
    await page?.context().close()
    ;({ page, problems } = await gallery.page(ask))
  }

  const violations = () => axeFindings(page)
  const focused = () => page.evaluate("document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent") as Promise<string>
  const hash = () => page.evaluate('location.hash') as Promise<string>

  describe('accessibility, no rule off', () => {
    // The window, the palette and the keys are looked at over a real engine: e2e/web/access.test.ts.
    test.each<[NonNullable<GalleryAsk['connection']>, string]>([
      ['never', 'Berth does not answer'],
      ['mismatch', '0.2.0'],
    ])('the page %s', async (connection, text) => {
      await open({ connection })
      await page.getByText(text).first().waitFor()
      expect(await axeFindingsInBothThemes(page)).toEqual([])
      expect(problems).toEqual([])
    })

    test('one h1, a title of its own, landmarks, and a way past the sidebar', async () => {
      await open({ route: '#/bridge' })
      expect(await page.getByRole('heading', { level: 1 }).allTextContents()).toEqual(['Bridge'])
      expect(await page.title()).toBe('Bridge · Berth')
      await page.keyboard.press('Tab')
      await expect.poll(focused).toBe('Skip to the content')
      await page.keyboard.press('Enter')
      await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('main')
      await page.evaluate("location.hash = '#/settings'")
      await expect.poll(() => page.title()).toBe('Settings · Berth')
    })

    test('in a narrow window every place is still there by name', async () => {
      await open({ size: { width: 900, height: 600 } })
      for (const name of [/^Sandboxes, 5 active/, 'Activity', /^Images, Pulling/, 'Bridge', 'Settings'])
        expect(await page.getByRole('link', { name }).isVisible()).toBe(true)
      expect(await violations()).toEqual([])
    })
  })

  describe('who and how', () => {
    test('a client gets its own lines, finished by one press with a token of its own', async () => {
      await open({ route: '#/bridge' })
      const connect = page.getByRole('region', { name: 'Connect' })
      await connect.getByText('claude mcp add --transport http berth').waitFor()
      await connect.getByText('export BERTH_TOKEN="$(/home/dev/berth/bin/berth.mjs token add claude-code)"').waitFor()
      await connect.getByRole('combobox', { name: 'Client: Claude Code' }).click()
      await page.getByRole('option', { name: 'Cursor' }).click()
      await connect.getByText('${env:BERTH_TOKEN}').waitFor()
      await connect.getByRole('button', { name: 'Put a token of its own in' }).click()
      await connect.getByText('"Bearer e2b_0123').waitFor()
      expect(await page.evaluate("window.fixture.made.find(({ name }) => name === 'token_add').input")).toEqual({ name: 'cursor', scope: 'agent' })
      expect(await connect.getByText('BERTH_TOKEN').count()).toBe(0)
      expect(await violations()).toEqual([])
      expect(problems).toEqual([])
    })

    test('a new token comes with the lines that use it', async () => {
      await open({ route: '#/bridge', theme: 'dark' })
      await page.getByRole('button', { name: 'New token' }).click()
      await page.getByRole('textbox', { name: 'Name' }).fill('ci')
      await page.getByRole('button', { name: 'Make token' }).click()
      const dialog = page.getByRole('alertdialog', { name: 'The token of ci' })
      await dialog.getByText('--header "Authorization: Bearer e2b_0123').waitFor()
      expect(await violations()).toEqual([])
    })

    test('the browser that one looks from is named, and logs itself out only when that is meant', async () => {
      await open({ route: '#/bridge' })
      const own = page.getByRole('row', { name: /Chromium 150 on Linux/ })
      await own.getByText('this one').waitFor()
      expect(await page.getByText('this one').count()).toBe(1)
      await own.getByRole('button', { name: 'Log out' }).click()
      const ask = page.getByRole('alertdialog', { name: 'Log this browser out?' })
      await ask.getByRole('button', { name: 'Stay' }).click()
      await ask.waitFor({ state: 'hidden' })
      expect(await page.evaluate("window.fixture.made.filter(({ name }) => name === 'session_end').length")).toBe(0)
      await page
        .getByRole('row', { name: /Firefox 141/ })
        .getByRole('button', { name: 'Log out' })
        .click()
      await page.getByText('Firefox 141 on macOS').waitFor({ state: 'hidden' })
      await own.getByRole('button', { name: 'Log out' }).click()
      await ask.getByRole('button', { name: 'Log out' }).click()
      await expect.poll(() => page.evaluate("window.fixture.made.filter(({ name }) => name === 'session_end').length")).toBe(2)
    })

    test('a conversation has one name everywhere, and can be given another', async () => {
      await open()
      await page.evaluate(() => {
        const { fixture } = window as unknown as { fixture: { state(): { sandboxes: Record<string, object> }; push(ops: unknown[]): void } }
        const row = fixture.state().sandboxes['b7d01f3e5c7e90ab']
        const since = new Date().toISOString()
        fixture.push([
          {
            op: 'sandbox',
            value: {
              ...row,
              holders: [
                { holder: 'mcp:2b9d', name: 'claude-code · conversation 2', since },
                { holder: 'desktop', since },
              ],
              commands: [{ id: 'c', command: 'make', who: 'client:claude-code holder:mcp:2b9d', since }],
            },
          },
        ])
      })
      await page
        .getByRole('row', { name: /etl-backfill/ })
        .getByText('claude-code · conversation 2')
        .waitFor()
      await page.evaluate("location.hash = '#/sandboxes/b7d01f3e5c7e90ab'")
      await page.getByText('working for claude-code · conversation 2').waitFor()
      await page.getByText('by claude-code · conversation 2', { exact: true }).waitFor()
      const held = page.getByRole('region', { name: 'Held by' })
      await held.getByText('you', { exact: true }).waitFor()
      await held.getByRole('button', { name: 'Rename claude-code · conversation 2' }).click()
      await page.getByRole('textbox', { name: 'Name' }).fill('quarterly figures')
      await page.keyboard.press('Enter')
      await held.getByText('quarterly figures').waitFor()
      await page.getByText('working for quarterly figures').waitFor()
      expect(await violations()).toEqual([])
      expect(problems).toEqual([])
    })

    test('the doctor’s first sentence is true to what it found', async () => {
      await open({ route: '#/settings' })
      await page.getByRole('button', { name: 'Run doctor' }).click()
      await page.getByText('All that is needed is there; 1 thing is worth a look.').waitFor()
    })
  })

  describe('keys', () => {
    test('g and a letter go to a screen; nothing needs a key that a browser keeps', async () => {
      await open()
      const places: string[] = []
      for (const letter of ['a', 'i', 'b', ',', 's']) {
        await page.keyboard.press('g')
        await page.keyboard.press(letter)
        places.push(await hash())
      }
      expect(places).toEqual(['#/activity', '#/images', '#/bridge', '#/settings', '#/sandboxes'])
      await page.keyboard.press('?')
      const dialog = page.getByRole('dialog', { name: 'Keys' })
      await dialog.waitFor()
      const text = await dialog.innerText()
      expect(text).not.toMatch(/Ctrl\s+[TNW1-9]\b/)
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'hidden' })
      await page.keyboard.press('Control+2')
      expect(await hash()).toBe('#/sandboxes')
      await open({ kind: 'electron' })
      await page.keyboard.press('Control+2')
      expect(await hash()).toBe('#/activity')
    })

    test('letters are text while one types', async () => {
      await open({ connection: 'locked' })
      await page.getByRole('textbox').fill('')
      await page.keyboard.type('ga?')
      expect(await page.getByRole('textbox').inputValue()).toBe('ga?')
    })

    test('the palette: everything by keyboard, and the focus goes back', async () => {
      await open()
      const place = page.getByRole('link', { name: 'Bridge' })
      await place.focus()
      await page.keyboard.press('Control+k')
      const field = page.getByRole('combobox', { name: 'Search for a sandbox or a command' })
      await field.waitFor()
      await expect.poll(focused).toBe('Search for a sandbox or a command')
      await page.keyboard.press('Escape')
      await expect.poll(focused).toBe('Bridge')
      await page.keyboard.press('Control+k')
      await field.waitFor()
      await page.keyboard.type('docs-cr')
      // The sandbox itself, then its parts.
      await expect.poll(() => page.getByRole('option').allTextContents()).toHaveLength(5)
      const first = page.getByRole('option').first()
      expect(await field.getAttribute('aria-activedescendant')).toBe(await first.getAttribute('id'))
      await page.keyboard.press('Enter')
      await expect.poll(hash).toBe('#/sandboxes/c9813be05c7e90ab')
      await page.keyboard.press('Control+k')
      await field.fill('zzz')
      await page.getByText('Nothing matches “zzz”.').waitFor()
      await field.fill('idle_timeout')
      await page.getByRole('option', { name: /Reap after/ }).waitFor()
      await page.keyboard.press('Enter')
      await expect.poll(hash).toBe('#/settings?find=idle_timeout')
      await expect.poll(() => page.getByRole('searchbox').inputValue()).toBe('idle_timeout')
      await expect.poll(() => page.evaluate('document.activeElement !== document.body')).toBe(true)
      await page.keyboard.press('Control+k')
      await field.fill('bridge address')
      await page.keyboard.press('Enter')
      await expect.poll(() => page.evaluate('window.fixture.copied')).toEqual(['http://127.0.0.1:7878'])
      await page.keyboard.press('Control+k')
      await field.waitFor()
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    })
  })

  describe('live', () => {
    test('a key pressed right after a dialog was closed means the page below it', async () => {
      await open()
      await page.keyboard.press('?')
      await page.getByText('Single letters never act while you type.').waitFor()
      // Faster than the next frame, which is when the dialog gives the focus back.
      await page.evaluate(`(async () => {
        const press = (key, more) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }))
        press('Escape')
        for (let turn = 0; turn < 10; turn += 1) await null
        press('k', { ctrlKey: true })
      })()`)
      await page.getByRole('option').first().waitFor()
      await page.keyboard.type('zzz')
      await page.getByText(/Nothing matches/).waitFor()
      expect(problems).toEqual([])
    })

    test('the palette leads to what is on a screen that is not open, and into each sandbox', async () => {
      await open()
      const found = async (text: string, option: RegExp) => {
        await page.keyboard.press('Control+k')
        await page.getByRole('combobox', { name: 'Search for a sandbox or a command' }).fill(text)
        await page.getByRole('option', { name: option }).first().waitFor()
        await page.keyboard.press('Enter')
      }
      await found('logs etl', /^Open logs etl-backfill-2026-q3/)
      await expect.poll(hash).toBe('#/sandboxes/b7d01f3e5c7e90ab/logs')
      await found('doctor', /^Run doctor/)
      await page.getByText('All that is needed is there; 1 thing is worth a look.').waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog', { name: 'Doctor' }).waitFor({ state: 'hidden' })
      await found('token', /^New token/)
      await page.getByRole('textbox', { name: 'Name' }).waitFor()
      expect(await hash()).toBe('#/bridge')
    })

    test('the note on the embedded backend can be put away, and stays away', async () => {
      await open({ fixture: 'embedded' })
      const away = page.getByRole('button', { name: 'Put this note away' })
      await away.click()
      await away.waitFor({ state: 'hidden' })
      await page.reload()
      await page.getByText('No sandboxes yet').waitFor()
      expect(await away.count()).toBe(0)
    })

    test('counts and the last event follow the engine, the latter at most once a second', async () => {
      await open()
      const foot = page.locator('.foot [role="status"]')
      await page.evaluate(`(() => {
        window.seen = []
        const line = document.querySelector('.foot [role="status"]')
        new MutationObserver(() => window.seen.push([performance.now(), line.textContent])).observe(line, { childList: true, characterData: true, subtree: true })
        const { house } = window.fixture.state()
        let n = 0
        const timer = setInterval(() => {
          n += 1
          window.fixture.push([{ op: 'house', value: { ...house, last_event: { ...house.last_event, seq: 900 + n, text: 'event ' + n } } }])
          if (n === 50) clearInterval(timer)
        }, 30)
      })()`)
      await foot
        .getByText('event 50')
        .or(page.getByText(/event 50$/))
        .first()
        .waitFor()
      const times = ((await page.evaluate('window.seen')) as [number, string][]).filter(([, text], at, all) => text !== all[at - 1]?.[1]).map(([time]) => time)
      expect(times.length).toBeGreaterThan(1)
      for (let at = 1; at < times.length; at += 1) expect((times[at] ?? 0) - (times[at - 1] ?? 0)).toBeGreaterThan(900)
      await page.evaluate("window.fixture.push([{ op: 'sandbox_gone', id: '3fa2b9d15c7e90ab' }])")
      await page.getByRole('link', { name: 'Sandboxes, 4 active' }).waitFor()
    })

    test('lost: the last state stays, marked; what to do comes after a while; back again, it is live', async () => {
      await open({ connection: 'lost' })
      await page.getByText('What is shown is how it was. Trying again.').waitFor()
      await page.getByRole('link', { name: 'Sandboxes, 5 active' }).waitFor()
      await page.getByRole('button', { name: 'Try now' }).click()
      expect(await page.evaluate('window.fixture.did')).toEqual(['retry'])
      await page.getByText('start it where it ran: berth serve').waitFor({ timeout: 20_000 })
      await page.evaluate('window.fixture.open()')
      await page.getByText('What is shown is how it was').waitFor({ state: 'detached' })
      await page.evaluate("window.fixture.push([{ op: 'sandbox_gone', id: '3fa2b9d15c7e90ab' }])")
      await page.getByRole('link', { name: 'Sandboxes, 4 active' }).waitFor()
    })

    test('another engine: what was shown is dropped', async () => {
      await open()
      await page.evaluate(
        "window.fixture.connect({ state: 'open', instance: 'fixture-2', session: null, endpoint: { ...window.fixture.endpoint, subscribe: () => ({ send() {}, close() {} }) } })",
      )
      await page.getByText('Looking for Berth').waitFor()
      expect(await page.getByText('pricing-research').count()).toBe(0)
    })

    test('a part whose script did not come says so, and comes when it is asked for again', async () => {
      await open({ route: '#/sandboxes/3fa2b9d15c7e90ab' })
      await page.route('**/assets/stats-*.js', (route) => route.abort())
      await page.getByRole('tab', { name: 'Stats' }).click()
      await page.getByText('This part of the screens did not come.').waitFor()
      expect(await violations()).toEqual([])
      await page.unroute('**/assets/stats-*.js')
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByText('One sample a second while this tab is open.').waitFor()
    })

    test('one notion of what is known: where Berth is away, list, header and sidebar say so, and one note does', async () => {
      await open({ fixture: 'gone' })
      await page.getByText('Unknown').first().waitFor()
      expect(await page.getByRole('note').or(page.getByRole('alert')).count()).toBe(1)
      await page.evaluate("location.hash = '#/sandboxes/3fa2b9d15c7e90ab'")
      await page.locator('header.bar').getByText('Unknown').waitFor()
      await page.evaluate("window.fixture.connect({ state: 'lost', reason: 'the connection broke', since: performance.now() })")
      await page.getByRole('link', { name: 'Engine: Berth, not answering' }).waitFor()
      await page.locator('header.bar').getByText('Unknown').waitFor()
      await page.evaluate("location.hash = '#/sandboxes'")
      await page.getByText('The connection to Berth is lost').waitFor()
      expect(await page.getByRole('note').or(page.getByRole('alert')).count()).toBe(1)
    })

    test('terminals that a restart ended are not replaced without a word', async () => {
      await open({ route: '#/sandboxes' })
      await page.evaluate("localStorage.setItem('berth.terminal.b7d01f3e5c7e90ab', 'fixture-0 t9')")
      await page.evaluate("location.hash = '#/sandboxes/b7d01f3e5c7e90ab/terminal'")
      await page.getByText('The terminals that were open here ended when Berth was restarted.').waitFor()
      expect(await page.evaluate("window.fixture.made.filter(({ name }) => name === 'terminal_open').length")).toBe(0)
      await page.getByRole('button', { name: 'Open a terminal' }).click()
      await expect.poll(() => page.evaluate("window.fixture.made.filter(({ name }) => name === 'terminal_open').length")).toBe(1)
    })

    test('out of sight nothing is subscribed to; in sight again there is a new snapshot', async () => {
      await open()
      const topics = () => page.evaluate('window.fixture.topics()') as Promise<string[]>
      expect(await topics()).toContain('state')
      const show = (state: string) =>
        page.evaluate(
          `Object.defineProperty(document, 'visibilityState', { configurable: true, value: '${state}' }), document.dispatchEvent(new Event('visibilitychange'))`,
        )
      await show('hidden')
      await expect.poll(topics).toEqual([])
      await page.evaluate("window.fixture.push([{ op: 'sandbox_gone', id: '3fa2b9d15c7e90ab' }])")
      await show('visible')
      await page.getByRole('link', { name: 'Sandboxes, 4 active' }).waitFor()
    })

    test('the theme is chosen, kept, and told to the shell', async () => {
      await open({ kind: 'electron' })
      await page.keyboard.press('Control+k')
      await page.keyboard.type('dark theme')
      await page.keyboard.press('Enter')
      await expect.poll(() => page.evaluate('document.documentElement.dataset.theme')).toBe('dark')
      expect(await page.evaluate("[localStorage.getItem('berth.theme'), window.fixture.did]")).toEqual(['dark', ['theme dark']])
      await page.reload()
      await page.waitForSelector('h1', { state: 'attached' })
      expect(await page.evaluate('getComputedStyle(document.body).colorScheme + document.documentElement.dataset.theme')).toBe('darkdark')
    })

    test('logging in: what was pasted is sent as its code', async () => {
      await open({ connection: 'locked' })
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.getByText('Paste a link or a code first.').waitFor()
      await page.getByRole('textbox').fill('http://127.0.0.1:7878/#login=abcdef0123456789')
      await page.keyboard.press('Enter')
      await expect.poll(() => page.evaluate('window.fixture.did')).toEqual(['login abcdef0123456789'])
    })
  })
})
