import { setTimeout as sleep } from 'node:timers/promises'
import type { Locator, Page } from 'playwright'

/** Whether a browser keeps a combination (as Playwright names it): its tabs and windows come before any page. */
export function isReserved(keys: string): boolean {
  const parts = keys.split('+')
  const key = parts.at(-1) ?? ''
  if (!parts.slice(0, -1).some((part) => ['Control', 'Meta', 'ControlOrMeta', 'Mod'].includes(part))) return false
  return /^(t|n|w|tab|\d|pageup|pagedown)$/i.test(key)
}

export interface Keyboard {
  /** Refuses what a browser would not give to the page. */
  press(...keys: string[]): Promise<void>
  type(text: string): Promise<void>
  /** Tab (or another key) until something has the focus; fails if it never gets it. */
  to(target: Locator, key?: string): Promise<void>
  /** A pointer was used since the page was loaded. */
  pointed(): Promise<boolean>
}

/** The keyboard of somebody who has nothing else. */
export async function keyboardOf(page: Page): Promise<Keyboard> {
  await page.evaluate(() => {
    for (const type of ['pointerdown', 'mousedown', 'wheel', 'touchstart']) addEventListener(type, () => Object.assign(window, { pointed: true }), true)
  })
  async function press(...all: string[]): Promise<void> {
    for (const keys of all) {
      if (isReserved(keys)) throw new Error(`${keys} belongs to the browser`)
      // As a quick typist: a script's keys come within a millisecond, before a dialog that closes has given the focus back.
      await sleep(60)
      await page.keyboard.press(keys)
    }
  }
  return {
    press,
    async type(text) {
      await sleep(60)
      await page.keyboard.type(text, { delay: 10 })
    },
    async to(target, key = 'Tab') {
      await target.waitFor()
      for (let step = 0; step < 80; step += 1) {
        if (await target.evaluate((one) => one === document.activeElement)) return
        await press(key)
      }
      throw new Error(`${String(target)} is not reached with ${key}`)
    },
    pointed: () => page.evaluate(() => 'pointed' in window),
  }
}
