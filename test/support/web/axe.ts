import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'

const themes = ['light', 'dark'] as const

/** What axe finds on the page as it is, no rule off, as lines that say where. */
export async function axeFindings(page: Page): Promise<string[]> {
  return await findings(page, {})
}

/**
 * What axe finds on the page in either theme of the system, as lines that say which and where; the page is in the second
 * afterwards. No rule is off, but that colours alone are looked at again in the other theme: nothing else differs there.
 */
export async function axeFindingsInBothThemes(page: Page): Promise<string[]> {
  const lines: string[] = []
  const shades = new Set<string>()
  for (const theme of themes) {
    await page.emulateMedia({ colorScheme: theme })
    shades.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor))
    const found = await findings(page, theme === themes[0] ? {} : { runOnly: colourRules })
    lines.push(...found.map((line) => `${theme}: ${line}`))
  }
  if (shades.size < themes.length) lines.push('the page does not follow the theme of the system')
  return lines
}

/** Those of axe's rules that look at colours, as far as they are on. */
const colourRules = ['color-contrast', 'link-in-text-block']

async function findings(page: Page, options: Parameters<AxeBuilder['options']>[0]): Promise<string[]> {
  // Otherwise it puts its report together in a page of its own, for frames of other origins: there are none.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode(true)
    .options({ resultTypes: ['violations'], ...options })
    .analyze()
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help}: ${target.join(' ')}`))
}
