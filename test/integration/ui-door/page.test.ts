import { afterAll, beforeAll, expect, it } from 'vitest'
import { openChromium, type Browser, type Page } from '../../support/chromium.ts'
import { openHouse, type House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { program, type Program } from '../../support/sandbox-port.ts'
import { eventually } from '../../support/wait.ts'

needs('bubblewrap', 'chromium').describe('a page on another loopback port, in the browser that is logged in', () => {
  let house: House
  let other: Program
  let browser: Browser
  let page: Page
  let origin: string
  beforeAll(async () => {
    house = await openHouse({ backend: 'embedded' })
    origin = `http://127.0.0.1:${house.engine.port}`
    // What an agent may serve from its sandbox.
    other = await program((_request, response) => void response.setHeader('content-type', 'text/html').end('<!doctype html><title>elsewhere</title><body>'))
    browser = await openChromium()
    page = await browser.page()
    await page.goto((await house.engine.call('login_link', {})).url)
    await eventually('it is logged in', async () => (await house.engine.call('events', { limit: 50 })).events.some(({ type }) => type === 'session.opened'))
    // Where the answer came to: a page that is left before has none to keep.
    await eventually('its key is kept', () => page.evaluate(`localStorage.length > 0`) as Promise<boolean>)
    await page.goto(`${origin}/`)
  })
  afterAll(async () => {
    await browser.close()
    await Promise.all([house.close(), other.close()])
  })

  const attempt = (what: string) =>
    page.evaluate(`(async () => { try { return String(await (${what})) } catch (error) { return 'refused: ' + error.name } })()`)
  const elsewhere = () => page.goto(`http://127.0.0.1:${other.port}/`)

  it('finds the session nowhere: no cookie, no storage, no window', async () => {
    await page.goto(`${origin}/`)
    expect(await page.evaluate('document.cookie')).toBe('')
    const [key] = (await page.evaluate(`Object.values(localStorage).filter((value) => value.startsWith('bu_'))`)) as string[]
    expect(key).toMatch(/^bu_/)
    await elsewhere()
    expect(await page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie')).toBe('{}')
    expect(JSON.stringify(other.heard.map(({ rawHeaders, url }) => [rawHeaders, url]))).not.toContain(key)
  })

  it('may call nothing, open no socket and read nothing, whatever it sends along', async () => {
    await elsewhere()
    for (const call of ['health', 'status', 'session_open', 'login_link']) {
      expect(
        await attempt(
          `fetch('${origin}/berth/v1/${call}', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}', credentials: 'include' }).then((it) => it.status)`,
        ),
      ).toBe('refused: TypeError')
    }
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(
        await attempt(
          `new Promise((resolve, reject) => { const it = new WebSocket('ws://${host}:${house.engine.port}/berth/v1/socket'); it.onopen = () => resolve('open'); it.onerror = () => reject(new Error('no')) })`,
        ),
      ).toBe('refused: Error')
    }
    expect(await attempt(`fetch('${origin}/', { mode: 'no-cors' }).then((it) => it.type)`)).toMatch(/refused|opaque/)
    expect(
      await attempt(
        `new Promise((resolve, reject) => { const it = new Image(); it.onload = () => resolve('seen'); it.onerror = () => reject(new Error('no')); it.src = '${origin}/icon.svg' })`,
      ),
    ).toBe('refused: Error')
    expect(
      await attempt(
        `new Promise((resolve, reject) => { const it = document.createElement('script'); it.onload = () => resolve('ran'); it.onerror = () => reject(new Error('no')); it.src = '${origin}/first-paint.js'; document.body.append(it) })`,
      ),
    ).toBe('refused: Error')
  })

  it('may not frame the screens, nor spend a login link or a ticket by sending the browser there', async () => {
    await elsewhere()
    await page.evaluate(
      `(() => { const it = document.createElement('iframe'); it.src = '${origin}/'; it.id = 'in'; document.body.append(it); return new Promise((resolve) => { it.onload = () => resolve(true) }) })()`,
    )
    expect(await page.evaluate(`(() => { try { return document.getElementById('in').contentDocument?.title ?? 'closed' } catch { return 'closed' } })()`)).toBe(
      'closed',
    )
    const { url } = await house.engine.call('login_link', {})
    await page.evaluate(`void setTimeout(() => { location.href = ${JSON.stringify(url)} })`)
    await eventually(
      'it has gone there',
      async () => String(await page.evaluate('location.href')).startsWith(origin) && (await page.evaluate('document.readyState')) === 'complete',
    )
    expect(String(await page.evaluate('document.documentElement.textContent'))).toContain('BAD_ORIGIN')
    const code = url.split('#login=')[1]
    const opened = await fetch(`${origin}/berth/v1/session_open`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    })
    expect(opened.status).toBe(200)
  })
})
