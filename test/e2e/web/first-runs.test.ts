import { randomUUID } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'
import { openBrowser, openTab, type Tab } from '../../support/web/browser.ts'
import { engineSocket, type EngineSocket } from '../../support/web/engine-socket.ts'
import { rowOf, shows } from '../../support/web/screens.ts'
import { serveEngine, type ServedEngine } from '../../support/web/served-engine.ts'

needs('docker', 'lite-image', 'bubblewrap', 'chromium').describe('the first run of Berth', () => {
  let browser: Browser
  let dir: TempDir
  let socket: EngineSocket
  let engine: ServedEngine | null = null
  let tab: Tab | null = null

  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
  })
  beforeEach(async () => {
    dir = await tempDir('first')
    socket = engineSocket(join(dir.path, 'd.sock'))
  })
  afterEach(async () => {
    await tab?.close()
    // Its containers are removed through it.
    await socket.vanish()
    await socket.appear()
    await engine?.close()
    await socket.vanish()
    await dir.remove()
    tab = null
    engine = null
  })

  it('without a container engine works in bubblewrap, says what that means, and offers containers when there are some', async () => {
    const home = join(dir.path, 'home')
    engine = await serveEngine({ home, env: { DOCKER_HOST: socket.host } })
    tab = await openTab(browser, await engine.login())
    const { page } = tab
    // Why, what is not isolated, and the way to containers.
    await shows(page, 'No container engine answers, so sandboxes are processes on this computer.')
    await shows(page, /network, memory and CPU are shared/)
    await page.getByRole('button', { name: 'What that means, and how to get containers' }).click()
    const dialog = page.getByRole('dialog')
    for (const what of ['Files', 'Network', 'Kernel']) await dialog.getByRole('rowheader', { name: what }).waitFor()
    expect(runnable(await dialog.locator('pre').first().innerText())).toBe(true)
    await page.keyboard.press('Escape')

    // It works meanwhile.
    await page.keyboard.press('n')
    await page.getByLabel('Thread').fill('early')
    await page.getByRole('button', { name: 'Create sandbox' }).click()
    await shows(page, 'Terminal 1', 30_000)
    await page.locator('.xterm-helper-textarea').focus()
    await page.keyboard.type('echo kept-$((40+2)) > /mnt/user-data/workspace/note\n')
    const file = join(home, 'users/default/threads/early/user-data/workspace/note')
    await eventually('the terminal wrote', async () => (await readFile(file, 'utf8').catch(() => '')) === 'kept-42\n')

    await socket.appear()
    await page
      .getByRole('link', { name: /Sandboxes/ })
      .first()
      .click()
    await rowOf(page, 'early').waitFor()
    // It looks by itself.
    await shows(page, 'A container engine is there.', 30_000)
    await page.getByRole('button', { name: 'Switch to it' }).click()
    await shows(page, 'Files in their workspaces stay.')
    await page.getByRole('button', { name: 'Switch', exact: true }).click()
    // Nobody reloads: the page finds the engine again by itself, with containers behind it.
    await shows(page, 'No sandboxes yet', 60_000)
    await shows(page, /Docker.* answers/)
    expect(await page.getByText('processes on this computer').count()).toBe(0)
    await page.keyboard.press('n')
    await page.getByLabel('Thread').fill('early')
    await page.getByRole('button', { name: 'Create sandbox' }).click()
    await shows(page, 'Terminal 1', 60_000)
    await page.locator('.xterm-helper-textarea').focus()
    await page.keyboard.type('cat /mnt/user-data/workspace/note\n')
    await eventually('the file is there in the container', async () => (await page.locator('.xterm-rows').innerText()).includes('kept-42'))
  })

  it('with neither says why, has the exact command, and goes on by itself', async () => {
    const nothing = join(dir.path, 'empty')
    await mkdir(nothing)
    engine = await serveEngine({ home: join(dir.path, 'home'), env: { DOCKER_HOST: socket.host, PATH: nothing } })
    tab = await openTab(browser, await engine.login())
    const { page } = tab
    await shows(page, 'Nothing here can run a sandbox yet')
    // The cause names the socket; each way out is a command as it stands.
    await shows(page, new RegExp(`${socket.host}|${socket.host.replace('unix://', '')}`))
    const commands = await page.locator('.fixes pre').allInnerTexts()
    expect(commands.length).toBeGreaterThan(0)
    for (const command of commands) expect([command, runnable(command)]).toEqual([command, true])
    await shows(page, 'Waiting for the engine.')
    await page.getByRole('button', { name: 'Try now' }).click()
    await shows(page, /^Still not: /)

    await socket.appear()
    await shows(page, 'No sandboxes yet', 60_000)
    await page.keyboard.press('n')
    await page.getByLabel('Thread').fill('at-last')
    await page.getByRole('button', { name: 'Create sandbox' }).click()
    await shows(page, 'Terminal 1', 60_000)
  })

  it('keeps what is known when the engine goes, says so, and goes on when it is back', async () => {
    const thread = `stays-${randomUUID().slice(0, 8)}`
    await socket.appear()
    engine = await serveEngine({ home: join(dir.path, 'home'), env: { DOCKER_HOST: socket.host } })
    await engine.client.call('acquire', { thread, holder: 'agent' })
    tab = await openTab(browser, await engine.login())
    const { page } = tab
    const row = rowOf(page, thread)
    await row.getByText('Active').waitFor()

    await socket.vanish()
    await shows(page, /is not answering/, 30_000)
    await shows(page, 'What is shown is how it was: unknown, not gone.')
    await row.getByText('Unknown').waitFor()
    // Not a second sandbox, nor a guess: with the cause, and worth trying again.
    await expect(engine.client.call('acquire', { thread: 'other', holder: 'agent' })).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' })

    await socket.appear()
    await row.getByText('Active').waitFor({ timeout: 60_000 })
    await page
      .getByText(/is not answering/)
      .first()
      .waitFor({ state: 'detached', timeout: 30_000 })
    const again = await engine.client.call('exec', { thread, command: 'echo back' })
    expect(again.stdout).toContain('back')
  })
})

/** Begins with a program, not with prose. */
const runnable = (text: string): boolean => /^(sudo|apt|apt-get|dnf|pacman|zypper|apk|systemctl|dockerd|podman|unset|usermod|docker) /.test(text.trim())
