import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'

/** What axe finds on the page as it is, no rule off, as lines that say where. */
export async function axeFindings(page: Page): Promise<string[]> {
  // Otherwise it puts its report together in a page of its own, for frames of other origins: there are none.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] }).analyze()
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help}: ${target.join(' ')}`))
}
