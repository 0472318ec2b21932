// A Linux desktop without a tray, as this one is: closing the window quits, and where it was is kept.
import { deepEqual, equal } from 'node:assert/strict'
import { openHouse } from './engine.mjs'
import { loaded } from './loaded.mjs'
import { quitCode } from './quit-code.mjs'

let house

export async function setup({ home, project, env }) {
  house = await openHouse({ home, project })
  await house.start()
  env.BERTH_HOME = house.home
  return () => house.kill()
}

export default async function spec({ check, expect, dialogs, notifications, menu, ...run }) {
  let { app, page } = run
  const close = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].close())
  const bounds = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].getBounds())

  await check('closing the window quits, and says nothing of a tray', async () => {
    await loaded(page)
    await expect
      .poll(() =>
        page.evaluate(
          () =>
            new Promise((resolve) => {
              window.berth.onEngine((now) => resolve(now.state))
            }),
        ),
      )
      .toBe('open')
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].setBounds({ x: 60, y: 50, width: 1000, height: 640 }))
    await expect.poll(bounds).toMatchObject({ width: 1000, height: 640 })
    equal(await quitCode(run, () => close().catch(() => undefined)), 0)
    deepEqual([notifications.shown(), dialogs.shown()], [[], []])
    equal((await house.call('status', {})).instance, house.facts().instance)
  })
  await check('opens again where it was', async () => {
    ;({ app, page } = await run.relaunch())
    await loaded(page)
    await expect.poll(bounds).toMatchObject({ width: 1000, height: 640 })
  })
  await check('About is the system’s own panel, says the version and makes no traffic', async () => {
    // On Linux the panel is a window of GTK's that nobody here could close: what it is told, and that it is shown, is written down instead.
    await app.evaluate(({ app: it }) => {
      globalThis.abouts = []
      it.setAboutPanelOptions = (options) => {
        globalThis.abouts.push(options)
      }
      it.showAboutPanel = () => {
        globalThis.abouts.push('shown')
      }
    })
    await menu.click('Help', 'About Berth')
    await expect
      .poll(() => app.evaluate(() => globalThis.abouts))
      .toMatchObject([{ applicationName: 'Berth', applicationVersion: expect.stringMatching(/^\d+\.\d+\.\d+/) }, 'shown'])
    deepEqual([run.opened(), dialogs.shown()], [[], []])
  })
  await check('the menu speaks to the page', async () => {
    await menu.click('View', 'Bridge')
    await expect.poll(() => page.evaluate(() => location.hash)).toBe('#/bridge')
  })
}
