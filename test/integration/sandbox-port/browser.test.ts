import { createHash } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestBridge, type TestBridge, testToken } from '../../support/bridge.ts'
import { openChromium, type Browser, type Page } from '../../support/chromium.ts'
import { needs } from '../../support/parts.ts'
import { idA, idB, openPortRig, type PortRig, program, type Program } from '../../support/sandbox-port.ts'
import { eventually } from '../../support/wait.ts'

/** A sandbox's web pages, which may be as bad as they like. */
const pages =
  (name: string): RequestListener =>
  (request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    if (path.endsWith('/worker.js')) {
      response.setHeader('content-type', 'text/javascript').setHeader('service-worker-allowed', '/')
      response.end(
        `addEventListener('fetch', (event) => event.respondWith(new Response('taken by the worker of ${name}', { headers: { 'content-type': 'text/html' } })))`,
      )
    } else if (path === '/cookies') {
      response.setHeader('set-cookie', [`wide-${name}=1; Domain=localhost; Path=/`, `own-${name}=1; Path=/`, `berth-${idA}=forged; Path=/`]).end('set')
    } else {
      response.setHeader('content-type', 'text/html').end(`<!doctype html><title>${name}</title><p id=p>${name} ${path}</p><script src="/script.js"></script>`)
    }
  }

function accept(request: { headers: Record<string, unknown> }, socket: Socket): void {
  const key = createHash('sha1')
    .update(`${String(request.headers['sec-websocket-key'])}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${key}\r\n\r\n`)
}

needs('chromium').describe('Chromium', () => {
  let a: Program
  let b: Program
  let elsewhere: Program
  let rig: PortRig
  let bridge: TestBridge
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    a = await program(pages('a'), accept)
    b = await program(pages('b'), accept)
    elsewhere = await program((_request, response) => void response.setHeader('content-type', 'text/html').end('<!doctype html><title>elsewhere</title>'))
    rig = await openPortRig({ [idA]: `http://127.0.0.1:${a.port}`, [idB]: `http://127.0.0.1:${b.port}` })
    bridge = await openTestBridge()
    browser = await openChromium()
    page = await browser.page()
  })
  afterAll(async () => {
    await browser.close()
    await Promise.all([rig.close(), bridge.close()])
    await Promise.all([a.close(), b.close(), elsewhere.close()])
  })

  /** By path: Chromium asks on its own too, for icons, and for workers that may have changed. */
  const heard = (of: Program, path: string) => of.heard.filter(({ url }) => url?.startsWith(path)).map(({ url, rawHeaders }) => [url, rawHeaders])
  const origin = (id: string) => `http://${id}.localhost:${rig.port}`
  const enterUrl = (id: string, to = '/') => `${origin(id)}/.berth/enter?key=${rig.capabilities.of('path', id)}&to=${to}`
  const attempt = (what: string) =>
    page.evaluate(`(async () => { try { return String(await (${what})) } catch (error) { return 'refused: ' + error.name } })()`)
  const ws = (url: string) =>
    attempt(
      `new Promise((resolve, reject) => { const s = new WebSocket(${JSON.stringify(url)}); s.onopen = () => resolve('open'); s.onerror = () => reject(new Error('x')) })`,
    )

  it('enters by a link on a page of elsewhere, and the pages in there work: absolute paths, WebSockets, reloads', async () => {
    await page.goto(`http://127.0.0.1:${elsewhere.port}/`)
    await page.evaluate(
      `(() => { const link = document.createElement('a'); link.href = ${JSON.stringify(enterUrl(idA, '/app/'))}; document.body.append(link); link.click() })()`,
    )
    await eventually('the page is there', async () => (await page.evaluate('document.title')) === 'a')
    expect(await page.evaluate('location.href')).toBe(`${origin(idA)}/app/`)
    expect(await page.evaluate('document.cookie')).toBe('')
    await eventually('its script was asked for', () => a.heard.some((request) => request.url === '/script.js'))
    expect(await attempt(`fetch('/data').then((response) => response.status)`)).toBe('200')
    expect(await ws(`ws://${idA}.localhost:${rig.port}/socket`)).toBe('open')
    await page.goto(`${origin(idA)}/again`)
    expect(await page.evaluate('document.title')).toBe('a')
    const all = JSON.stringify(heard(a, '/'))
    expect(all).not.toContain(rig.capabilities.of('path', idA))
    expect(all).not.toContain(rig.capabilities.of('browser', idA))
    expect(all).not.toContain(`${elsewhere.port}`)
  })

  it('lets no sandbox read, script, frame or open another, though it has entered both', async () => {
    await page.goto(enterUrl(idB))
    await page.goto(enterUrl(idA))
    expect(await page.evaluate('document.title')).toBe('a')
    const sibling = origin(idB)
    const byPath = rig.url(idB)
    for (const url of [`${sibling}/reach/x`, `${byPath}/reach/x`]) {
      expect(await attempt(`fetch(${JSON.stringify(url)}, { credentials: 'include' })`)).toMatch(/^refused/)
      // Answers that may not be read still would have had effects.
      await attempt(`fetch(${JSON.stringify(url)}, { mode: 'no-cors', credentials: 'include', method: 'POST', body: 'x' })`)
      await attempt(
        `new Promise((resolve, reject) => { const s = document.createElement('script'); s.src = ${JSON.stringify(url)}; s.onload = resolve; s.onerror = reject; document.body.append(s) })`,
      )
      await attempt(
        `new Promise((resolve) => { const f = document.createElement('iframe'); f.src = ${JSON.stringify(url)}; f.onload = resolve; document.body.append(f) })`,
      )
      await attempt(`new Promise((resolve, reject) => { const i = new Image(); i.src = ${JSON.stringify(url)}; i.onload = resolve; i.onerror = reject })`)
    }
    expect(await ws(`ws://${idB}.localhost:${rig.port}/reach/socket`)).toMatch(/^refused/)
    expect(await ws(`${byPath.replace('http', 'ws')}/reach/socket`)).toMatch(/^refused/)
    await attempt(
      `new Promise((resolve) => { const form = document.createElement('form'); form.method = 'post'; form.action = ${JSON.stringify(`${sibling}/reach/form`)}; form.target = 'other'; document.body.append(form); form.submit(); setTimeout(resolve, 500) })`,
    )
    expect(heard(b, '/reach/')).toEqual([])
  })

  it('lets a worker of one sandbox see its own pages only', async () => {
    await page.goto(enterUrl(idA))
    expect(await attempt(`navigator.serviceWorker.register('/worker.js', { scope: '/' }).then(() => navigator.serviceWorker.ready).then(() => 'works')`)).toBe(
      'works',
    )
    await eventually(
      'it works',
      async () => {
        await page.goto(`${origin(idA)}/later`)
        return String(await page.evaluate('document.body.textContent')).includes('worker of a')
      },
      { every: 300 },
    )
    await page.goto(enterUrl(idB, '/here'))
    expect(await page.evaluate('document.body.textContent')).toContain('b /here')
    expect(await attempt(`fetch('/there').then((response) => response.text())`)).toContain('b /there')
  })

  it('runs nothing at the address for programs, and registers no worker there', async () => {
    await page.goto(`${rig.url(idA)}/programs/page`)
    expect(await page.evaluate('document.body.textContent')).toContain('This address is for programs')
    expect(await attempt(`navigator.serviceWorker.register('/s/${idA}.${rig.capabilities.of('path', idA)}/programs/worker.js', { scope: '/' })`)).toMatch(
      /^refused/,
    )
    expect(await attempt(`navigator.serviceWorker.register('/s/${idA}.${rig.capabilities.of('path', idA)}/programs/worker.js')`)).toMatch(/^refused/)
    await page.goto(`${rig.url(idB)}/programs/page`)
    expect(await page.evaluate('document.body.textContent')).not.toContain('taken')
    expect([...heard(a, '/programs/'), ...heard(b, '/programs/')]).toEqual([])
  })

  it('keeps cookies of one sandbox from another and from Berth, and its login from all', async () => {
    await page.goto(enterUrl(idB))
    await attempt(`fetch('/cookies').then((response) => response.text())`)
    await page.evaluate(`document.cookie = 'script=1; domain=localhost; path=/'; document.cookie = 'own=1'; document.cookie = 'berth-${idB}=forged'`)
    expect(await page.evaluate('document.cookie')).toMatch(/^(?!.*wide)(?!.*berth).*own-b=1/)
    expect(await attempt(`fetch('/still').then((response) => response.status)`)).toBe('200')
    await page.goto(enterUrl('a'.repeat(16), '/worker.js'))
    const cookies = a.heard.at(-1)?.headers.cookie ?? ''
    expect(cookies).not.toMatch(/wide|script|own-b|berth/)
    const last = b.heard.findLast(({ url }) => url === '/still')?.headers.cookie ?? ''
    expect(last).toContain('own-b=1')
    expect(last).not.toContain('berth')
  })

  it("lets a sandbox's page do nothing at the first port", async () => {
    await page.goto(enterUrl(idB))
    const at = `${bridge.bridge.url}/berth/v1/acquire`
    const before = bridge.provider.did.length
    const key = JSON.stringify({ 'x-api-key': testToken, 'content-type': 'application/json' })
    expect(await attempt(`fetch(${JSON.stringify(at)}, { method: 'POST', headers: ${key}, body: '{"thread":"x"}' })`)).toMatch(/^refused/)
    await attempt(`fetch(${JSON.stringify(at)}, { method: 'POST', mode: 'no-cors', body: '{"thread":"x"}' })`)
    for (const host of ['localhost', `${idB}.localhost`]) {
      expect(await attempt(`fetch('http://${host}:${bridge.bridge.port}/berth/v1/list', { headers: ${key} })`)).toMatch(/^refused/)
      expect(await ws(`ws://${host}:${bridge.bridge.port}/`)).toMatch(/^refused/)
    }
    expect(bridge.provider.did).toHaveLength(before)
  })
})
