// Pictures of every screen, in both themes and two sizes, of a real engine with real containers: `npm run shots`.
// They are Chromium's own WebP: a fifth of a PNG's size, so that they can be kept. `--out DIR` puts them elsewhere; what no engine of
// one machine shows at once (nothing to run sandboxes with) is another real engine, started without them.
import { mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Locator, Page } from 'playwright'
import { printInLog } from '../../support/container-log.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { openTab } from '../../support/web/browser.ts'
import { open, rowOf } from '../../support/web/screens.ts'
import { acquired, visit, type Visit } from '../../support/web/visit.ts'

const { values } = parseArgs({
  options: { out: { type: 'string', default: join(import.meta.dirname, '../../../docs/screens') }, png: { type: 'boolean', default: false } },
})
const sizes = [
  { width: 1280, height: 800 },
  { width: 900, height: 600 },
] as const
const themes = ['light', 'dark'] as const
let total = 0
let count = 0

await rm(values.out, { recursive: true, force: true })
await mkdir(values.out, { recursive: true })
await withContainers()
await without()
console.log(`${count} pictures, ${(total / 1024).toFixed(0)} KiB`)

/** One state, four times. */
async function shoot(page: Page, name: string, there: Locator): Promise<void> {
  await there.filter({ visible: true }).first().waitFor()
  await page.mouse.move(0, 0)
  for (const size of sizes) {
    await page.setViewportSize(size)
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      await sleep(350)
      const file = join(values.out, `${name}-${size.width}-${theme}`)
      const session = await page.context().newCDPSession(page)
      const { data } = await session.send('Page.captureScreenshot', values.png ? { format: 'png' } : { format: 'webp', quality: 72 })
      await session.detach()
      const path = `${file}.${values.png ? 'png' : 'webp'}`
      await writeFile(path, Buffer.from(data, 'base64'))
      total += (await stat(path)).size
      count += 1
    }
  }
  await page.setViewportSize(sizes[0])
}

async function withContainers(): Promise<void> {
  // `berth` is found by its name, as where it is installed: pictures that are kept tell no path of whoever made them.
  await using stack = new AsyncDisposableStack()
  const installed = await tempDir('shots')
  stack.defer(() => installed.remove())
  await symlink(join(import.meta.dirname, '../../../bin/berth.mjs'), join(installed.path, 'berth'))
  const env = { PATH: `${installed.path}${delimiter}${process.env['PATH'] ?? ''}` }
  const here = await visit({ env, config: 'replicas: 6\nidle_timeout: 600\n' })
  stack.defer(() => here.close())
  const { page } = here
  await shoot(page, 'first-run', page.getByText('No sandboxes yet'))
  const { report, working } = await furnish(here)
  await shoot(page, 'sandboxes', rowOf(page, 'q4-report').getByText('working'))
  await page.keyboard.press('n')
  await page.getByLabel('Thread').fill('my-notes')
  await shoot(page, 'new-sandbox', page.getByRole('dialog'))
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await shoot(page, 'palette', page.getByRole('option'))
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /Shut down all/ }).click()
  await shoot(page, 'shut-down', page.getByRole('alertdialog'))
  await page.keyboard.press('Escape')

  await open(page, 'sandboxes', report, 'overview')
  await shoot(page, 'sandbox-overview', page.getByText('/mnt/user-data/workspace'))
  await open(page, 'sandboxes', report, 'terminal')
  await page.locator('.xterm-helper-textarea').waitFor({ state: 'attached' })
  await sleep(1500)
  await page.keyboard.type('ls -l --color /mnt/user-data/workspace && python3 --version\n')
  await sleep(800)
  await shoot(page, 'sandbox-terminal', page.locator('.xterm-rows'))
  await open(page, 'sandboxes', report, 'files')
  await page.getByRole('row').filter({ hasText: 'report.md' }).click()
  await shoot(page, 'sandbox-files', page.locator('.preview .src'))
  await open(page, 'sandboxes', report, 'logs')
  await shoot(page, 'sandbox-logs', page.getByText(/request 40/))
  await open(page, 'sandboxes', report, 'stats')
  await sleep(20_000)
  await shoot(page, 'sandbox-stats', page.locator('.lane .l1'))
  await open(page, 'sandboxes', report, 'mounts')
  await shoot(page, 'sandbox-mounts', page.getByRole('table', { name: 'Mounts' }).getByText('/mnt/user-data/outputs'))
  await open(page, 'sandboxes', report, 'events')
  await shoot(page, 'sandbox-events', page.getByText(/A new sandbox is ready|It was given a sandbox that was kept ready/))
  await open(page, 'activity')
  await shoot(page, 'activity', page.locator('.screen').getByText('q4-report'))
  await open(page, 'images')
  await shoot(page, 'images', page.getByText('berth-lite'))
  await open(page, 'bridge')
  await shoot(page, 'bridge', page.getByRole('grid').getByText('acquire'))
  await open(page, 'settings')
  await shoot(page, 'settings', page.getByText('replicas'))
  const locked = await openTab(here.browser, here.engine.url)
  await shoot(locked.page, 'login', locked.page.getByText('Get a login link'))
  await locked.close()
  await here.engine.client.call('shutdown', {})
  await working
}

/** Agents at work, as on an ordinary day. */
async function furnish({ engine }: Visit): Promise<{ report: string; working: Promise<unknown> }> {
  const { client } = engine
  for (const name of ['claude-code', 'deer-flow']) await client.call('token_add', { name, scope: 'agent' })
  const report = await acquired(engine, 'q4-report', 'deer-flow')
  const crawler = await acquired(engine, 'crawl-docs', 'deer-flow')
  const fix = await acquired(engine, 'fix-flaky-test', 'claude-code')
  const data = await acquired(engine, 'survey-data', 'claude-code')
  const write = (id: string, path: string, content: string) => client.call('write', { id, path: `/mnt/user-data/${path}`, content })
  await write(
    report,
    'workspace/report.md',
    '# Q4 report\n\nRevenue grew by 12 % over the year; most of it came from new contracts.\n\n| quarter | revenue |\n|---|---|\n| Q1 | 4.1 |\n| Q2 | 4.3 |\n| Q3 | 4.4 |\n| Q4 | 4.6 |\n',
  )
  await write(report, 'workspace/plot.py', 'import csv\nimport sys\n\nrows = list(csv.DictReader(open(sys.argv[1])))\nprint(len(rows), "rows")\n')
  await write(report, 'workspace/data/sales.csv', 'quarter,revenue\n1,4.1\n2,4.3\n3,4.4\n4,4.6\n')
  await write(report, 'uploads/contracts.csv', 'id,name\n1,first\n')
  for (const command of [
    'ls -la /mnt/user-data/workspace',
    'wc -l /mnt/user-data/workspace/data/sales.csv',
    'grep -c revenue /mnt/user-data/workspace/report.md',
  ])
    await client.call('exec', { id: report, command })
  await client.call('exec', { id: fix, command: 'false' })
  await printInLog(
    (await client.call('get', { id: report })).container ?? '',
    'for n in $(seq 40); do echo "INFO worker: request $n took $((n % 7 + 9)) ms"; if [ $((n % 9)) = 0 ]; then echo "WARN worker: retry of request $n"; fi; done',
  )
  await client.call('release', { id: crawler, holder: 'deer-flow' })
  await client.call('release', { id: data, holder: 'claude-code' })
  // Ends with the sandbox.
  const working = client.call('exec', { id: report, command: 'while :; do gzip -c /usr/bin/* > /dev/null 2>&1; sleep 2; done' }).catch(() => null)
  await sleep(8000)
  return { report, working }
}

async function without(): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const dir = await tempDir('shots')
  stack.defer(() => dir.remove())
  const nothing = join(dir.path, 'empty')
  await mkdir(nothing)
  const host = `unix://${join(dir.path, 'docker.sock')}`
  const missing = await visit({ env: { DOCKER_HOST: host, PATH: nothing } })
  try {
    await shoot(missing.page, 'engine-missing', missing.page.locator('.fixes pre'))
  } finally {
    await missing.close()
  }
  const embedded = await visit({ env: { DOCKER_HOST: host } })
  try {
    await acquired(embedded.engine, 'q4-report', 'deer-flow')
    await shoot(embedded.page, 'embedded', rowOf(embedded.page, 'q4-report').getByText('Active'))
  } finally {
    await embedded.close()
  }
}
