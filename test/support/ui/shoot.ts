/**
 * Pictures of screens over the fixture, to look at while building them:
 *
 *   node_modules/.bin/node test/support/ui/shoot.ts --route '#/sandboxes' --out /tmp/x.png
 *   node_modules/.bin/node test/support/ui/shoot.ts --route '#/sandboxes' --route '#/images' --theme both --size 900x600 --fixture many --out /tmp/shots
 *
 * --theme light (default), dark or both · --size 1280x800 · --fixture a name in fixture-states.ts (house, empty, missing, gone, embedded,
 * warned, many, crowd) · --connection open, connecting, locked, lost, mismatch or never · --kind browser or electron (its own window keys)
 * --do 'JavaScript' runs in the page before the picture, awaited · --press 'Control+k' keys, one after the other; --type 'text'; --click 'selector'
 * --axe lists accessibility problems · --wait 500 ms more before the picture.
 * With several pictures --out is a directory. What the page throws or logs as an error is printed; then the exit code is 1.
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { AxeBuilder } from '@axe-core/playwright'
import { openGallery, type GalleryAsk } from './gallery-browser.ts'

const { values } = parseArgs({
  options: {
    route: { type: 'string', multiple: true },
    theme: { type: 'string', default: 'light' },
    size: { type: 'string', default: '1280x800' },
    out: { type: 'string', default: '/tmp/shot.png' },
    fixture: { type: 'string', default: 'house' },
    connection: { type: 'string', default: 'open' },
    kind: { type: 'string', default: 'browser' },
    do: { type: 'string' },
    press: { type: 'string', multiple: true },
    type: { type: 'string' },
    click: { type: 'string', multiple: true },
    wait: { type: 'string' },
    axe: { type: 'boolean' },
    entry: { type: 'string' },
  },
})
const routes = values.route ?? ['#/sandboxes']
const themes: ('light' | 'dark')[] = values.theme === 'both' ? ['light', 'dark'] : [values.theme === 'dark' ? 'dark' : 'light']
const [width = 1280, height = 800] = values.size.split('x').map(Number)
const single = routes.length * themes.length === 1 && values.out.endsWith('.png')
await mkdir(single ? path.dirname(values.out) : values.out, { recursive: true })
const gallery = await openGallery(values.entry)
try {
  for (const route of routes) for (const theme of themes) await shoot(route, theme)
} finally {
  await gallery.close()
}

async function shoot(route: string, theme: 'light' | 'dark'): Promise<void> {
  const { page, problems } = await gallery.page({
    route,
    theme,
    size: { width, height },
    fixture: values.fixture,
    connection: values.connection as NonNullable<GalleryAsk['connection']>,
    kind: values.kind as NonNullable<GalleryAsk['kind']>,
  })
  for (const selector of values.click ?? []) await page.click(selector)
  for (const keys of values.press ?? []) await page.keyboard.press(keys)
  if (values.type !== undefined) await page.keyboard.type(values.type)
  if (values.do !== undefined) await page.evaluate(values.do)
  await sleep(Number(values.wait ?? 80))
  const file = single ? values.out : path.join(values.out, `${route.replace(/^#\//, '').replaceAll(/[^\w-]+/g, '-')}-${theme}.png`)
  await page.screenshot({ path: file })
  console.log(file)
  if (values.axe) {
    const { violations } = await new AxeBuilder({ page }).analyze()
    for (const { id, help, nodes } of violations)
      console.log(
        `  axe ${id}: ${help}\n${nodes.map(({ target, failureSummary }) => `    ${String(target)} ${failureSummary?.split('\n').slice(1).join(' ') ?? ''}`).join('\n')}`,
      )
    if (violations.length === 0) console.log('  axe: nothing')
  }
  for (const problem of problems) console.log(`  page: ${problem}`)
  if (problems.length > 0) process.exitCode = 1
  await page.context().close()
}
