// The built shell, preload and renderer, attached to a real engine in a process of its own.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { openHouse } from './engine.mjs'

let house

export async function setup({ home, project, env, allow }) {
  house = await openHouse({ home, project, config: 'ui:\n  keep_running: "on"\n' })
  await house.start()
  env.BERTH_HOME = house.home
  return () => house.kill()
}

export default async function spec({ page, check, expect, shot, tray, dialogs, notifications, ...run }) {
  const visible = () => run.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].isVisible())
  const labels = async () => (await tray.items()).map(({ label }) => label)
  const call = (name, input) => page.evaluate(([what, given]) => window.berth.call(what, given).answer, [name, input])

  await check('opens a window on its own scheme, with nothing but window.berth', async () => {
    ok(page.url().startsWith('app://bundle/index.html'))
    deepEqual(await page.evaluate(() => Object.keys(window.berth).sort()), ['call', 'native', 'onEngine', 'subscribe'])
    equal(await page.evaluate(() => typeof require + typeof process), 'undefinedundefined')
    equal(await run.app.evaluate(({ app }) => app.getPath('userData')), `${house.home}/desktop`)
  })
  await check('is attached, and answers calls over IPC', async () => {
    const state = await page.evaluate(() => new Promise((resolve) => { window.berth.onEngine((now) => { if (now.state === 'open') resolve(now) }) }))
    equal(state.instance, house.facts().instance)
    const answer = await call('status', {})
    equal(answer.ok, true)
    equal(answer.value.instance, state.instance)
  })
  await check('an error keeps its code, and the token stays out of the page', async () => {
    const gone = await call('get', { id: '0123456789abcdef' })
    deepEqual([gone.ok, gone.error.code], [false, 'SANDBOX_NOT_FOUND'])
    const token = await call('token_copy', {})
    deepEqual([token.ok, token.error.code], [false, 'FORBIDDEN'])
  })
  await check('the list is live over the port: an agent acquires, the page hears', async () => {
    await page.evaluate(() => {
      window.heard = []
      window.berth.subscribe('state', {}, (event) => { window.heard.push(event) }, () => undefined)
    })
    await expect.poll(() => page.evaluate(() => window.heard[0]?.type)).toBe('snapshot')
    await house.call('acquire', { thread: 'alpha', holder: 'agent-1' })
    await expect.poll(() => page.evaluate(() => window.heard.flatMap((event) => event.ops ?? []).filter((op) => op.op === 'sandbox').at(-1)?.value.status)).toBe('active')
    await shot('list')
  })
  await check('the tray counts', async () => {
    await expect.poll(labels).toContain('1 active, 0 warm')
    equal((await tray.all())[0].tooltip, 'Berth: 1 active, 0 warm')
    deepEqual((await labels())[0], 'Open')
  })
}
