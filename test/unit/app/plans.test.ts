import { describe, expect, it } from 'vitest'
import { pauseAfter } from '../../../app/engine/link.ts'
import { applicationMenu, contextMenu, type MenuAct } from '../../../app/menus/menu.ts'
import { onWindowClose, openingBounds, reloadAfterCrash } from '../../../app/window/main-window.ts'
import { closeMode, quitPlan, type Stakes } from '../../../app/boot/quitting.ts'
import type { Item, Spot } from '../../../app/system/system.ts'
import { noticeOf } from '../../../app/menus/notices.ts'

const calm: Stakes = { here: true, held: 0, commands: 0, terminals: 0, ends: false, tray: true }

describe('quitting', () => {
  it.each<[string, Partial<Stakes>, 'person' | 'session', string]>([
    ['an attached shell leaves, whatever is at stake', { here: false, held: 3, commands: 1, terminals: 2 }, 'person', 'leave'],
    ['nothing at stake', {}, 'person', 'close'],
    ['a held sandbox', { held: 1 }, 'person', 'ask'],
    ['a command', { commands: 1 }, 'person', 'ask'],
    ['a terminal', { terminals: 1 }, 'person', 'ask'],
    ['the login session ends', { held: 9, commands: 9, terminals: 9 }, 'session', 'close'],
    ['the login session ends, attached', { here: false, held: 9 }, 'session', 'leave'],
  ])('%s', (_name, stakes, why, expected) => expect(quitPlan({ ...calm, ...stakes }, why).do).toBe(expected))

  it.each<[string, Partial<Stakes>, string[]]>([
    ['four choices', {}, ['tray', 'keep', 'destroy', 'cancel']],
    ['no tray to keep running in', { tray: false }, ['keep', 'destroy', 'cancel']],
    ['embedded sandboxes cannot be kept', { ends: true }, ['tray', 'destroy', 'cancel']],
  ])('asks with %s', (_name, stakes, expected) => {
    const plan = quitPlan({ ...calm, held: 1, ...stakes }, 'person')
    expect(plan.do === 'ask' && plan.choices.map(({ choice }) => choice)).toEqual(expected)
  })

  it('says what would be lost, and closes the session within 5 s', () => {
    expect(quitPlan({ ...calm, held: 2, commands: 1, terminals: 1 }, 'person')).toMatchObject({
      detail: expect.stringMatching(/^2 sandboxes are in use, 1 command runs and 1 terminal is open\./) as unknown,
    })
    const session = quitPlan({ ...calm, held: 2 }, 'session')
    expect(session.do === 'close' && session.withinMs).toBeLessThanOrEqual(5000)
    expect([closeMode('keep'), closeMode('destroy'), closeMode(null)]).toEqual([{ sandboxes: 'keep' }, { sandboxes: 'destroy' }, {}])
  })
})

describe('closing the window', () => {
  it.each([
    ['linux', 'auto', true, 'hide'],
    ['linux', 'auto', false, 'quit'],
    ['darwin', 'auto', false, 'hide'],
    ['win32', 'auto', true, 'hide'],
    ['linux', 'on', false, 'hide'],
    ['linux', 'off', true, 'quit'],
    ['darwin', 'off', true, 'quit'],
  ] as const)('%s, %s, tray %s: %s', (platform, keep, tray, expected) => expect(onWindowClose({ platform, keep, tray })).toBe(expected))
})

describe('the window', () => {
  const screen = { x: 0, y: 0, width: 1920, height: 1040 }
  const second = { x: 1920, y: 0, width: 1280, height: 1000 }
  it.each([
    ['where it was', { x: 100, y: 80, width: 1000, height: 700 }, [screen], { x: 100, y: 80, width: 1000, height: 700 }],
    ['on the second display', { x: 2000, y: 10, width: 900, height: 600 }, [screen, second], { x: 2000, y: 10, width: 900, height: 600 }],
    ['its display is gone', { x: 2000, y: 10, width: 900, height: 600 }, [screen], { width: 1280, height: 800 }],
    ['its title bar is above every display', { x: 100, y: -200, width: 900, height: 600 }, [screen], { width: 1280, height: 800 }],
    ['only a corner is left', { x: 1850, y: 10, width: 900, height: 600 }, [screen], { width: 1280, height: 800 }],
    ['larger than the display', { x: 0, y: 0, width: 4000, height: 3000 }, [screen], { x: 0, y: 0, width: 1920, height: 1040 }],
    ['never opened before', null, [{ x: 0, y: 0, width: 1024, height: 700 }], { width: 1024, height: 700 }],
    ['no display at all', null, [], { width: 1280, height: 800 }],
  ])('opens: %s', (_name, kept, areas, expected) => expect(openingBounds(kept, areas)).toEqual(expected))

  it('is loaded again after a crash, three times a minute', () => {
    let crashes: readonly number[] = []
    const reloads = [0, 1000, 2000, 3000, 62_500].map((at) => {
      const plan = reloadAfterCrash(crashes, at)
      crashes = plan.crashes
      return plan.reload
    })
    expect(reloads).toEqual([true, true, true, false, true])
  })
})

describe('looking for the engine', () => {
  it('is soon at first, and never rarer than every 2 s', () => {
    const pauses = Array.from({ length: 100 }, (_, tries) => pauseAfter(tries))
    expect(pauses[0]).toBe(100)
    expect(Math.max(...pauses)).toBe(2000)
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b))
  })
})

describe('the menu', () => {
  const withKeys = (items: readonly Item<MenuAct>[]): Item<MenuAct>[] =>
    items.flatMap((item) => [...(item.keys === undefined ? [] : [item]), ...withKeys(item.items ?? [])])
  const keysIn = (items: readonly Item<MenuAct>[]) => withKeys(items).map(({ keys }) => keys ?? '')
  it("takes no key from a terminal: only on a Mac are keys taken here, all with Cmd; elsewhere the page's own are told", () => {
    const elsewhere = withKeys(applicationMenu({ mac: false, packaged: true, offer: true }))
    expect(elsewhere.map(({ keys }) => keys)).toEqual(expect.arrayContaining(['Ctrl+,', 'Ctrl+1', 'Ctrl+Shift+K']))
    expect(elsewhere.filter(({ told }) => told !== true)).toEqual([])
    const mac = keysIn(applicationMenu({ mac: true, packaged: true, offer: true }))
    expect(mac.every((key) => key.startsWith('Cmd+'))).toBe(true)
    expect(new Set(mac).size).toBe(mac.length)
  })
  it('of a right click: what can be done there, and none where nothing can', () => {
    const can = { cut: true, copy: true, paste: true, selectAll: true }
    const roles = (spot: Spot) => contextMenu(spot).map(({ role, separator }) => (separator ? '-' : role))
    expect(roles({ editable: true, area: false, can })).toEqual(['undo', '-', 'cut', 'copy', 'paste', '-', 'selectAll'])
    expect(roles({ editable: true, area: true, can })).toEqual(['copy', 'paste'])
    expect(roles({ editable: false, area: false, can })).toEqual(['copy'])
    expect(roles({ editable: false, area: false, can: { ...can, copy: false } })).toEqual([])
  })
  it('has no way into the page in a package, and Start Berth here only when it helps', () => {
    const text = (packaged: boolean, offer: boolean) => JSON.stringify(applicationMenu({ mac: false, packaged, offer }))
    expect(text(true, false)).not.toContain('toggleDevTools')
    expect(text(false, false)).toContain('toggleDevTools')
    expect([text(true, false).includes('Start Berth here'), text(true, true).includes('Start Berth here')]).toEqual([false, true])
  })
})

describe('notices', () => {
  const event = (type: string, at = '2026-01-01T00:01:00.000Z') => ({ seq: 1, at, who: 'berth:test', text: 'Why.', type, sandbox: '0123456789abcdef' })
  const none = new Map<string, number>()
  it.each([
    ['a failure', event('sandbox.failed'), false, none, 'A sandbox failed'],
    ['a failure in sight', event('sandbox.failed'), true, none, undefined],
    ['work as usual', event('sandbox.active'), false, none, undefined],
    ['a quick image', event('image.ready'), false, new Map([['image.preparing', Date.parse('2026-01-01T00:00:50.000Z')]]), undefined],
    ['an image that took a minute', event('image.ready'), false, new Map([['image.preparing', Date.parse('2026-01-01T00:00:00.000Z')]]), 'The image is ready'],
    ['an image nobody waited for', event('image.ready'), false, none, undefined],
  ])('%s', (_name, it, visible, since, title) => expect(noticeOf(it, { visible, since })?.title).toBe(title))
})
