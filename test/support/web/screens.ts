import { expect } from 'vitest'
import type { Locator, Page } from 'playwright'

/** Playwright waits by itself, but vitest's expectations do not: this one tries until the text is there. */
export async function shows(page: Page, text: string | RegExp, within = 45_000): Promise<Locator> {
  const found = page.getByText(text).first()
  await found.waitFor({ state: 'visible', timeout: within })
  return found
}

/** The row of a thread in the list. */
export const rowOf = (page: Page, thread: string): Locator => page.getByRole('row').filter({ hasText: thread })

export async function open(page: Page, ...path: readonly string[]): Promise<void> {
  await page.evaluate(
    (hash) => {
      location.hash = hash
    },
    `#/${path.join('/')}`,
  )
}

/** The page has said nothing that it should not: no error, nothing that its policy forbids. */
export function quiet(complaints: readonly string[]): void {
  expect(complaints).toEqual([])
}
