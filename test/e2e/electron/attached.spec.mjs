// The built shell, preload and renderer, attached to a real engine in a process of its own.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { openHouse } from './engine.mjs'
import { loaded } from './loaded.mjs'
import { quitCode } from './quit-code.mjs'

let house

export async function setup({ home, project, env }) {
  house = await openHouse({ home, project, config: 'ui:\n  keep_running: "on"\n' })
  await house.start()
  env.BERTH_HOME = house.home
  return () => house.kill()
}

const seconds = (count) =>
  new Promise((resolve) => {
    setTimeout(resolve, count * 1000)
  })

export default async function spec({ page, check, expect, shot, tray, dialogs, notifications, ...run }) {
  const visible = () => run.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].isVisible())
  const labels = async () => (await tray.items()).map(({ label }) => label)
  // Beside the page on the page's own port: its numbers are far from the page's.
  const join = async () => {
    await loaded(page)
    // A page keeps one port, the newest: its own must have come before.
    await page.waitForFunction(() => /127\.0\.0\.1:\d+/.test(document.body.innerText))
    await page.evaluate(
      () =>
        new Promise((ready) => {
          let last = 1_000_000_000
          window.addEventListener(
            'message',
            ({ source, data, ports: [port] }) => {
              if (source !== window || data !== 'berth:pipe') return
              window.askShell = (frame, heard) => {
                const id = (last += 1)
                const say = (more) => port.postMessage({ ...more, id })
                port.addEventListener('message', ({ data: answer }) => {
                  if (answer.id === id) heard(answer)
                })
                say(frame)
                return say
              }
              window.follow = (topic, params, event, end = () => undefined) => {
                const say = window.askShell({ k: 'sub', topic, params }, (frame) => {
                  if (frame.k === 'end') return end(frame.error)
                  event(frame.event)
                  say({ k: 'ack', bytes: frame.bytes })
                })
                return { send: (up) => say({ k: 'up', data: up }), close: () => say({ k: 'unsub' }) }
              }
              port.start()
              ready()
            },
            { once: true },
          )
          window.berth.openPipe()
        }),
    )
  }
  await join()
  const call = (name, input) =>
    page.evaluate(
      ([what, given]) =>
        new Promise((resolve) => {
          window.askShell({ k: 'call', name: what, input: given }, (answer) => resolve({ ok: answer.k === 'result', value: answer.value, error: answer.error }))
        }),
      [name, input],
    )

  await check('opens a window on its own scheme, with nothing but window.berth', async () => {
    ok(page.url().startsWith('app://bundle/index.html'))
    deepEqual(await page.evaluate(() => Object.keys(window.berth).sort()), ['native', 'onEngine', 'openPipe'])
    equal(await page.evaluate(() => typeof require + typeof process), 'undefinedundefined')
    equal(await run.app.evaluate(({ app }) => app.getPath('userData')), `${house.home}/desktop`)
  })
  await check('is attached, and answers calls over IPC', async () => {
    const state = await page.evaluate(
      () =>
        new Promise((resolve) => {
          window.berth.onEngine((now) => {
            if (now.state === 'open') resolve(now)
          })
        }),
    )
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
      window.mine = window.follow('state', {}, (event) => {
        window.heard.push(event)
      })
    })
    await expect.poll(() => page.evaluate(() => window.heard[0]?.type)).toBe('snapshot')
    await house.call('acquire', { thread: 'alpha', holder: 'agent-1' })
    await expect
      .poll(() =>
        page.evaluate(
          () =>
            window.heard
              .flatMap((event) => event.ops ?? [])
              .filter((op) => op.op === 'sandbox')
              .at(-1)?.value.status,
        ),
      )
      .toBe('active')
    await expect(page.getByRole('row').filter({ hasText: 'alpha' })).toContainText('agent-1')
    await shot('list')
  })
  await check('the tray counts', async () => {
    await expect.poll(labels).toContain('1 active, 0 warm')
    equal((await tray.all())[0].tooltip, 'Berth: 1 active, 0 warm')
    deepEqual((await labels())[0], 'Open')
  })

  await check('closes to the tray; tray, its icon and a second instance show it again', async () => {
    const reopens = async (how) => {
      await run.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].close())
      await expect.poll(visible).toBe(false)
      await how()
      await expect.poll(visible).toBe(true)
    }
    await reopens(() => tray.press())
    deepEqual(
      notifications.shown().map(({ title }) => title),
      ['Berth goes on'],
    )
    await reopens(() => tray.click('Open'))
    await reopens(async () => equal((await run.secondInstance()).code, 0))
    equal(notifications.shown().length, 1)
  })
  await check('a hidden page costs nothing: for 10 s no frame on its port and no script of its own, whatever happens', async () => {
    await page.evaluate(() => window.mine.close())
    await run.app.evaluate(({ MessageChannelMain }) => {
      const port = Object.getPrototypeOf(new MessageChannelMain().port1)
      const { postMessage } = port
      globalThis.frames = 0
      port.postMessage = function counted(...args) {
        globalThis.frames += 1
        return postMessage.apply(this, args)
      }
    })
    const devtools = await page.context().newCDPSession(page)
    await devtools.send('Performance.enable')
    const script = async () => (await devtools.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'ScriptDuration').value
    const frames = () => run.app.evaluate(() => globalThis.frames)
    await house.call('release', { thread: 'alpha', holder: 'agent-1' })
    await expect.poll(frames).toBeGreaterThan(0)
    await run.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].hide())
    await expect.poll(() => page.evaluate(() => document.visibilityState)).toBe('hidden')
    // What had begun while it was seen may still end, a word of it that stays for some seconds too: on a busy machine that takes a while, but not for ever.
    const now = async () => [await frames(), await script()]
    let before = await now()
    for (let quiet = 0; quiet < 13;) {
      await seconds(0.5)
      const after = await now()
      quiet = after.join() === before.join() ? quiet + 1 : 0
      before = after
    }
    ok(before[1] > 0, 'the measure works')
    await house.call('acquire', { thread: 'alpha', holder: 'agent-1' })
    await seconds(10)
    deepEqual(await now(), before, 'frames and seconds of script')
    await run.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].show())
    await expect(page.getByRole('row').filter({ hasText: 'alpha' })).toContainText('agent-1')
    await devtools.detach()
  })
  await check('goes to a sandbox from the tray', async () => {
    await tray.click('alpha (active)', 'Open')
    await expect.poll(() => page.evaluate(() => location.hash)).toContain('/sandboxes/')
  })
  await check('a terminal in the window, which survives going elsewhere and a reload', async () => {
    await page.getByRole('tab', { name: 'Terminal' }).click()
    const rows = page.locator('.xterm-rows')
    await expect(rows).toContainText('$', { timeout: 15_000 })
    await page.locator('.xterm-helper-textarea').focus()
    await page.keyboard.type('echo ber$((1+1))th\n')
    await expect(rows).toContainText('ber2th')
    await shot('terminal')
    await page.evaluate(() => {
      location.hash = '/activity'
    })
    await expect(rows).toHaveCount(0)
    await tray.click('alpha (active)', 'Open')
    await page.getByRole('tab', { name: 'Terminal' }).click()
    await expect(rows).toContainText('ber2th', { timeout: 15_000 })
    await page.reload()
    await expect(rows).toContainText('ber2th', { timeout: 15_000 })
  })
  await check('stays on its page and in its window', async () => {
    const before = page.url()
    await page.evaluate(() => {
      location.href = 'https://example.com/'
    })
    await page.evaluate(() => {
      window.open('https://example.com/docs')
    })
    await expect.poll(run.opened).toEqual([{ kind: 'opened', how: 'openExternal', target: 'https://example.com/docs' }])
    equal(page.url(), before)
    equal(run.windows().length, 1)
    equal(await page.evaluate(() => Notification.requestPermission()), 'denied')
    const refused = await page.evaluate(() => window.berth.native.openLink('file:///etc/passwd'))
    equal(refused.error.code, 'BAD_INPUT')
  })
  await check('reveals only what the engine has named', async () => {
    const reveal = (path) => page.evaluate((it) => window.berth.native.reveal(it), path)
    equal((await reveal('/etc')).error.code, 'FILE_DENIED')
    equal((await reveal(`${house.home}/users`)).value, true)
    equal(run.opened().at(-1).how, 'showItemInFolder')
  })
  await check('the token goes to the clipboard, unseen by the page', async () => {
    deepEqual(await page.evaluate(() => window.berth.native.copyToken()), { ok: true, value: null })
    ok((await run.app.evaluate(({ clipboard }) => clipboard.readText())).startsWith('e2b_'))
  })
  await check('right-click menus in a field and in a terminal', async () => {
    const labelled = (items) => items.filter(({ label }) => label).map(({ label }) => label)
    await page.evaluate(() => {
      location.hash = '#/sandboxes'
    })
    const search = page.getByRole('searchbox').first()
    await page.locator('[data-row]').first().waitFor()
    await search.fill('alpha')
    await search.selectText()
    await search.click({ button: 'right' })
    await expect.poll(async () => labelled(await run.popup.items())).toEqual(expect.arrayContaining(['Cut', 'Copy', 'Paste']))
    await search.fill('')
    await page.evaluate(() => {
      location.hash = `#/sandboxes/${document.querySelector('[data-row]').dataset.row}/terminal`
    })
    await page.locator('.xterm-screen').click({ button: 'right' })
    await expect.poll(async () => labelled(await run.popup.items())).toEqual(expect.arrayContaining(['Copy', 'Paste']))
    await page.evaluate(() => {
      location.hash = '#/sandboxes'
    })
  })
  await check('a terminal, over the port', async () => {
    await join()
    const { value: terminal, error } = await call('terminal_open', { thread: 'alpha', cols: 90, rows: 30 })
    equal(error, undefined, JSON.stringify(error))
    await page.evaluate((id) => {
      window.printed = ''
      window.terminal = window.follow(
        'terminal',
        { terminal: id },
        (event) => {
          window.printed += event.data ?? event.reason ?? ''
        },
        (error) => {
          window.printed += `ended: ${JSON.stringify(error)}`
        },
      )
      window.terminal.send({ type: 'focus' })
      window.terminal.send({ type: 'input', data: 'echo ber$((1+1))th\r' })
    }, terminal.id)
    await expect.poll(() => page.evaluate(() => window.printed), { timeout: 15_000 }).toContain('ber2th')
    await page.evaluate(() => window.terminal.close())
    equal((await call('terminal_close', { terminal: terminal.id })).ok, true)
  })
  await check('a reload gets a new port, and the old one goes', async () => {
    await page.reload()
    await page.waitForFunction(() => document.querySelector('[data-row]') !== null)
    await join()
    await page.evaluate(() => {
      window.heard = []
      window.follow('state', {}, (event) => {
        window.heard.push(event)
      })
    })
    await expect.poll(() => page.evaluate(() => window.heard[0]?.type)).toBe('snapshot')
  })
  await check('the engine is killed and comes back under the shell', async () => {
    await page.evaluate(() => {
      window.states = []
      window.berth.onEngine((now) => {
        window.states.push(now)
      })
    })
    const before = house.facts().instance
    await house.kill()
    await expect.poll(() => page.evaluate(() => window.states.at(-1).state)).toBe('lost')
    await expect.poll(async () => (await tray.all())[0].tooltip).toBe('Berth: not running')
    await shot('lost')
    await expect.poll(() => page.evaluate(() => window.states.at(-1).offer), { timeout: 12_000 }).toBe(true)
    ok((await labels()).includes('Start Berth here'))
    await shot('offer')
    await house.start()
    await expect.poll(() => page.evaluate(() => window.states.at(-1).state), { timeout: 12_000 }).toBe('open')
    const now = await page.evaluate(() => window.states.at(-1).instance)
    equal(now, house.facts().instance)
    ok(now !== before)
    await expect.poll(async () => (await tray.all())[0].tooltip).toMatch(/^Berth: \d active/)
  })
  await check('asks before it shuts down all, then says how it went', async () => {
    await house.call('acquire', { thread: 'beta', holder: 'agent-2' })
    await expect.poll(labels).toContain('beta (active)')
    await dialogs.answer({ match: 'Shut down all', button: 'Cancel' })
    await tray.click('Shut down all…')
    await expect.poll(() => dialogs.shown().length).toBe(1)
    ok((await labels()).includes('beta (active)'))
    await dialogs.answer({ match: 'Shut down all', button: 'Shut down' })
    await tray.click('Shut down all…')
    await expect.poll(labels, { timeout: 15_000 }).toContain('0 active, 0 warm')
    await expect.poll(() => notifications.shown().at(-1).title, { timeout: 15_000 }).toBe('All sandboxes are shut down')
  })
  await check('quits without a question, and the engine goes on', async () => {
    await house.call('acquire', { thread: 'gamma', holder: 'agent-3' })
    equal(await quitCode(run, () => tray.click('Quit')), 0)
    equal((await house.call('status', {})).instance, house.facts().instance)
    const again = await loaded((await run.relaunch()).page)
    await expect
      .poll(() =>
        again.evaluate(
          () =>
            new Promise((resolve) => {
              window.berth.onEngine((now) => resolve(now.state))
            }),
        ),
      )
      .toBe('open')
    await expect.poll(labels).toContain('gamma (active)')
  })
}
