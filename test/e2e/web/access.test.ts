import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright'
import { expect, it } from 'vitest'
import { printInLog } from '../../support/container-log.ts'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { axeFindingsInBothThemes } from '../../support/web/axe.ts'
import { openTab } from '../../support/web/browser.ts'
import { engineSocket } from '../../support/web/engine-socket.ts'
import { open, rowOf } from '../../support/web/screens.ts'
import { serveEngine } from '../../support/web/served-engine.ts'
import { acquired, threadOf, visit } from '../../support/web/visit.ts'

/** Looks at what is on the page now, in both themes, once `content` shows that it is there. */
type Look = (name: string, ...content: (string | RegExp | Locator)[]) => Promise<void>

/** Collects what axe says of each state, so that one run tells all of it. */
function looker(page: Page): { look: Look; looked: string[]; findings: string[] } {
  const looked: string[] = []
  const findings: string[] = []
  return {
    looked,
    findings,
    async look(name, ...content) {
      for (const one of content) {
        const place = typeof one === 'string' || one instanceof RegExp ? page.getByText(one) : one
        await place
          .filter({ visible: true })
          .first()
          .waitFor()
          .catch((cause: unknown) => {
            throw new Error(`${name}: ${String(one)} is not there`, { cause })
          })
      }
      looked.push(name)
      const found = (await axeFindingsInBothThemes(page)).map((finding) => `${name}, ${finding}`)
      for (const finding of found) console.log(finding)
      findings.push(...found)
    },
  }
}

needs('docker', 'lite-image', 'chromium').describe('everybody can use every screen, dialog and menu', () => {
  it('with containers', { timeout: 300_000 }, async () => {
    const here = await visit({ config: 'replicas: 8\n' })
    try {
      const { page, engine } = here
      const { look, looked, findings } = looker(page)
      const { client } = engine
      const [one, two] = [threadOf('report'), threadOf('crawler')]
      const button = (name: string | RegExp) => page.getByRole('button', { name }).filter({ visible: true }).first()
      const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog'))

      await look('first run', 'No sandboxes yet', `${engine.url}/mcp`)
      const id = await acquired(engine, one, 'deer-flow')
      const other = await acquired(engine, two, 'deer-flow')
      await client.call('release', { id: other, holder: 'deer-flow' })
      const work = client.call('exec', { id, command: 'sleep 900' }).catch(() => null) // Ends with the sandbox.
      await client.call('write', { id, path: '/mnt/user-data/workspace/notes.md', content: '# Notes\n\nA few lines.\n' })
      await printInLog((await client.call('get', { id })).container ?? '', 'for n in $(seq 50); do echo "INFO line $n"; done')

      await look('sandboxes', rowOf(page, one).getByText('Active'), rowOf(page, two).getByText('Warm'), page.getByText('working'))
      await rowOf(page, one).click()
      await look('sandboxes, one chosen', page.locator('tr.sel, tr[aria-selected="true"]'))
      await rowOf(page, one).getByRole('button', { name: 'More actions' }).click()
      await look('menu of a row', page.getByRole('menuitem', { name: 'Copy id' }))
      await page.keyboard.press('Escape')
      await button(/Group the list/).click()
      await look('menu of groups', page.getByRole('menuitem', { name: 'By holder' }))
      await page.keyboard.press('Escape')
      await rowOf(page, one).click()
      await rowOf(page, two).click({ modifiers: ['Control'] })
      await look('several chosen', '2 selected')
      await rowOf(page, one).click()

      await page.keyboard.press('n')
      await look('dialog: new sandbox', page.getByLabel('Thread'))
      await page.getByLabel('Thread').fill('no good name')
      await look('dialog: new sandbox, a wrong name', /1 to 64/)
      await page.keyboard.press('Escape')
      await rowOf(page, one).click()
      await page.keyboard.press('r')
      await look('dialog: release', new RegExp(`Release .*${one}`), dialog)
      await page.keyboard.press('Escape')
      await page.keyboard.press('Control+Backspace')
      await look('dialog: destroy', `Destroy ${one}?`, dialog.getByText('sleep 900'))
      await page.keyboard.press('Escape')
      await page.keyboard.press('?')
      await look('dialog: keys', 'Single letters never act while you type.')
      await page.keyboard.press('Escape')
      await page.keyboard.press('Control+k')
      await look('palette', page.getByRole('option', { name: new RegExp(one) }))
      await page.keyboard.type('theme')
      await look('palette, searched', page.getByRole('option', { name: /Theme|theme/ }))
      await page.keyboard.type(' zzz')
      await look('palette, nothing found', /Nothing matches/)
      await page.keyboard.press('Escape')
      await button(/Shut down all/).click()
      await look('dialog: shut down all', 'Shut down all sandboxes?', dialog.getByText('deer-flow'))
      await page.keyboard.press('Escape')

      const tab = async (name: string) => await open(page, 'sandboxes', id, name)
      await tab('overview')
      await look('overview', 'sleep 900', '/mnt/user-data/workspace', 'Isolation')
      await button('More actions').click()
      await look('menu of a sandbox', page.getByRole('menuitem', { name: /Change its address/ }))
      await page.getByRole('menuitem', { name: /Change its address/ }).click()
      await look('dialog: change the address', 'Addresses of this sandbox that were handed out so far stop working')
      await page.keyboard.press('Escape')
      await tab('terminal')
      await look('terminal', page.locator('.xterm-rows').getByText(/[#$]/))
      await tab('files')
      await look('files', page.getByRole('row').filter({ hasText: 'notes.md' }))
      await page.getByRole('row').filter({ hasText: 'notes.md' }).click()
      await look('files, one shown', 'A few lines.')
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), button('Upload').click()])
      await chooser.setFiles(['notes.md', 'q3.csv'].map((name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from('mine') })))
      await look('dialog: replace a file', 'Replace notes.md?')
      await page.keyboard.press('Escape')
      await tab('logs')
      await look('logs', 'INFO line 50')
      await page.keyboard.press('/')
      await page.keyboard.type('line 7')
      await look('logs, searched', page.locator('.logbar').getByText('1', { exact: true }))
      await tab('stats')
      await look('stats', page.getByRole('figure', { name: 'Memory' }), page.locator('.lane .l1'))
      await tab('mounts')
      await look('mounts', page.getByRole('table', { name: 'Mounts' }).getByText('/mnt/user-data/outputs'))
      await tab('events')
      await look('events', /A new sandbox is ready|It was given a sandbox that was kept ready/)
      await page.getByRole('table', { name: 'Events' }).getByRole('button').first().click()
      await look('events, one open', /"type":/)

      await open(page, 'activity')
      await look('activity', page.getByRole('main').getByRole('heading', { name: 'Activity' }), page.locator('.screen').getByText(one))
      await open(page, 'images')
      await look('images', 'berth-lite')
      await open(page, 'settings')
      await look('settings', 'replicas', page.getByRole('heading', { name: 'This app' }))
      await button('Run doctor').click()
      await look('dialog: doctor', page.locator('.doctor li'))
      await page.keyboard.press('Escape')
      await button(/Export diagnostics/).click()
      await look('dialog: diagnostics', dialog.getByText(/berth/i))
      await page.keyboard.press('Escape')

      await open(page, 'bridge')
      await look('bridge', 'Recent calls', `${engine.url}/mcp`, page.getByRole('grid').getByText('acquire'))
      await button('New token').click()
      await look('dialog: new token', 'For one agent or program. It is shown once.')
      await dialog.getByLabel('Name').fill('claude-code')
      await page.keyboard.press('Enter')
      await look('dialog: the token', 'The token of claude-code', /e2b_[0-9a-f]+/)
      await button('Done').click()
      await page.getByRole('row').filter({ hasText: 'claude-code' }).hover()
      await button('Revoke…').click()
      await look('dialog: revoke', 'Revoke the token of claude-code?')
      await page.keyboard.press('Escape')
      await button('New login link').click()
      await look('dialog: login link', /#login=/)
      await page.keyboard.press('Escape')

      await open(page, 'nowhere')
      await look('no such page', 'This address leads nowhere.')
      await open(page, 'sandboxes', other, 'overview')
      await client.call('destroy', { id: other })
      await look('a sandbox that is gone', 'This sandbox is gone.')
      await open(page, 'sandboxes')
      await button(/Shut down all/).click()
      await button(/Shut down \d+ sandbox/).click()
      await look('dialog: shut down', /(is|are) shut down/)
      await button('Close').click()
      await work

      const locked = await openTab(here.browser, engine.url)
      const door = looker(locked.page)
      await door.look('login', 'Get a login link', 'berth open')
      await locked.page.getByRole('button', { name: 'Log in' }).click()
      await door.look('login, refused', 'Paste a link or a code first.')
      await locked.close()

      await acquired(engine, one)
      await rowOf(page, one).waitFor()
      // One that ends in order takes its rows along before the page can lose it.
      engine.running.child.kill('SIGKILL')
      await engine.running.ended
      try {
        await look('the connection is lost', 'The connection to Berth is lost', rowOf(page, one))
      } finally {
        await (await serveEngine({ home: engine.home })).close()
      }
      console.log(`${looked.length + door.looked.length} states: ${[...looked, ...door.looked].join('; ')}`)
      expect([...findings, ...door.findings]).toEqual([])
    } finally {
      await here.close()
    }
  })
})

needs('docker', 'bubblewrap', 'chromium').describe('everybody can use what is shown without a container engine', () => {
  it('in either theme', { timeout: 180_000 }, async () => {
    const dir = await tempDir('access')
    const socket = engineSocket(join(dir.path, 'd.sock'))
    const nothing = join(dir.path, 'empty')
    await mkdir(nothing)
    const findings: string[] = []
    try {
      const missing = await visit({ env: { DOCKER_HOST: socket.host, PATH: nothing } })
      try {
        const seen = looker(missing.page)
        await seen.look('engine missing', 'Nothing here can run a sandbox yet', missing.page.locator('.fixes pre'))
        findings.push(...seen.findings)
      } finally {
        await missing.close()
      }
      const embedded = await visit({ env: { DOCKER_HOST: socket.host } })
      try {
        const { page, engine } = embedded
        const { look, findings: found } = looker(page)
        const thread = threadOf('embedded')
        await acquired(engine, thread)
        await look('embedded', /No container engine answers/, rowOf(page, thread).getByText('Active'))
        await page.getByRole('button', { name: /What that means/ }).click()
        await look('dialog: isolation', 'What the embedded backend isolates', 'Kernel')
        await page.keyboard.press('Escape')
        await socket.appear()
        await look('something better', 'A container engine is there.')
        await page.getByRole('button', { name: 'Switch to it' }).click()
        await look('dialog: switch', 'Switch to the container engine?')
        findings.push(...found)
      } finally {
        await embedded.close()
      }
    } finally {
      await socket.vanish()
      await dir.remove()
    }
    expect(findings).toEqual([])
  })
})
