import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../../main/doors/client/client.ts'
import { keepPorts } from '../../support/kept-ports.ts'
import { needs } from '../../support/parts.ts'
import { start, type Running } from '../../support/spawn-command.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'
import { openBrowser, openTab } from '../../support/web/browser.ts'

/** No container engine is needed to log in, lose Berth and find it again. */
const nowhere = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' }

let dir: TempDir
let running: Running
let url: string
let browser: Browser

async function serve(): Promise<void> {
  running = start('bin/berth.mjs', ['serve', '--json'], { env: { BERTH_HOME: `${dir.path}/home`, ...nowhere } })
  const said = await eventually(
    'berth serve greets',
    () => {
      if (running.child.exitCode !== null) throw new Error(running.stderr())
      return /"url":\s*"([^"]+)"/.exec(running.stdout())?.[1]
    },
    { within: 60_000 },
  )
  url = said
}

async function link(): Promise<string> {
  const client = await connect(`${dir.path}/home`)
  try {
    return (await client.call('login_link', {})).url
  } finally {
    client.close()
  }
}

const kept = (page: Page) => page.evaluate("localStorage.getItem('berth.session')") as Promise<string | null>
const home = (page: Page) => page.getByRole('navigation', { name: 'Main' }).waitFor()

needs('chromium').describe('A browser and its engine', () => {
  beforeAll(async () => {
    dir = await tempDir('ui')
    await keepPorts(`${dir.path}/home`)
    browser = await openBrowser()
    await serve()
  })
  afterAll(async () => {
    await browser.close()
    running.child.kill('SIGTERM')
    await running.ended
    await dir.remove()
  })

  describe('a browser and `berth serve`', () => {
    test('a link logs in, once; its code leaves the address; a reload needs none', async () => {
      const first = await link()
      const { page, complaints, close } = await openTab(browser, first)
      await home(page)
      expect(await page.evaluate('location.href')).toBe(`${url}/#/sandboxes`)
      expect(await kept(page)).not.toBeNull()
      expect(await page.evaluate('document.cookie')).toBe('')
      await page.reload()
      await home(page)
      expect(complaints).toEqual([])
      const second = await openTab(browser, first)
      await second.page.getByRole('heading', { name: 'Get a login link' }).waitFor()
      expect(await kept(second.page)).toBeNull()
      await second.page.getByRole('textbox').fill(await link())
      await second.page.getByRole('button', { name: 'Log in' }).click()
      await home(second.page)
      await second.close()
      await close()
    })

    test('a code that is wrong says why and what to do', async () => {
      const { page, close } = await openTab(browser, `${url}/`)
      await page.getByRole('textbox').fill('0123456789abcdef')
      await page.getByRole('button', { name: 'Log in' }).click()
      await page
        .getByRole('alert')
        .filter({ hasText: /berth open/ })
        .waitFor()
      await close()
    })

    test('a session that is ended is logged out at once', async () => {
      const { page, close } = await openTab(browser, await link())
      await home(page)
      const client = await connect(`${dir.path}/home`)
      const { events } = await client.call('events', {})
      const id = events.findLast(({ type }) => type === 'session.opened')?.who.replace('session:', '') ?? ''
      expect(await client.call('session_end', { id })).toEqual({ ended: true })
      client.close()
      await page.getByText('This browser was logged out.').waitFor()
      expect(await kept(page)).toBeNull()
      await close()
    })

    test('Berth killed: the last state stays, and the page finds it again by itself', async () => {
      const { page, close } = await openTab(browser, await link())
      await home(page)
      running.child.kill('SIGKILL')
      await running.ended
      await page.getByText('The connection to Berth is lost').waitFor()
      await home(page)
      await serve()
      await page.getByText('The connection to Berth is lost').waitFor({ state: 'detached', timeout: 30_000 })
      await home(page)
      await close()
    })

    test('a page of another version says so, with both versions', async () => {
      const { page, close } = await openTab(browser, `${url}/`)
      await page.route('**/*.js', async (route) => {
        const response = await route.fetch()
        const body = (await response.text()).replaceAll(/"?hash"?:\s*[`"'][0-9a-f]{64}[`"']/g, `hash:"${'0'.repeat(64)}"`)
        await route.fulfill({ response, body })
      })
      await page.goto('about:blank')
      await page.goto(await link())
      await page.getByRole('heading', { name: 'This page and Berth are of two versions' }).waitFor()
      expect(await page.locator('dl').innerText()).toMatch(/This page\s+\d+\.\d+\.\d+\s+Berth\s+\d+\.\d+\.\d+/)
      await close()
    })
  })
})
