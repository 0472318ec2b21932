import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { open as openFile, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Download, Page } from 'playwright'
import { needs } from '../../support/parts.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'
import { open, quiet, shows } from '../../support/web/screens.ts'
import { acquired, threadOf, visit, type Visit } from '../../support/web/visit.ts'

const size = 200 * 1024 * 1024
/**
 * Any copy of the whole file in the engine would make it grow by all of the file. What it really holds are the buffers on
 * their way and what the garbage collector has not come to yet: half of the file is far above that and far below a copy.
 */
const allowed = size / 2

needs('docker', 'lite-image', 'chromium').describe('files in a browser', () => {
  const thread = threadOf('files')
  let here: Visit
  let dir: TempDir
  let id: string
  let page: Page

  beforeAll(async () => {
    dir = await tempDir('files')
    here = await visit()
    page = here.page
    id = await acquired(here.engine, thread)
  })
  afterAll(async () => {
    await here?.close()
    await dir?.remove()
  })

  const directory = (name: string) => join(here.engine.home, 'users/default/threads', thread, 'user-data', name)
  const fileRow = (name: string) => page.getByRole('row').filter({ hasText: name })

  async function saved(button = page.locator('.preview header').getByRole('button', { name: 'Download' })): Promise<Download> {
    const [download] = await Promise.all([page.waitForEvent('download'), button.click()])
    return download
  }

  it('of 200 MB go up through the page, whole, and are not held in memory', async () => {
    const source = join(dir.path, 'large.bin')
    await writeNoise(source)
    await open(page, 'sandboxes', id, 'files')
    await shows(page, 'This directory is empty.')
    const { grown } = await watched(here.engine.running.child.pid, async () => {
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Upload', exact: true }).click()])
      await chooser.setFiles(source)
      await shows(page, '1 file uploaded', 100_000)
    })
    console.log(`upload of ${size >> 20} MiB: the engine grew by ${(grown / 2 ** 20).toFixed(1)} MiB`)
    expect(await hashOf(join(directory('workspace'), 'large.bin'))).toBe(await hashOf(source))
    expect(grown).toBeLessThan(allowed)
  })

  it('come down as they are', async () => {
    await fileRow('large.bin').click()
    await shows(page, 'is too large to show here')
    const {
      grown,
      result: { download, path },
    } = await watched(here.engine.running.child.pid, async () => {
      const came = await saved(page.locator('.preview p').getByRole('button', { name: 'Download' }))
      return { download: came, path: await came.path() }
    })
    console.log(`download of ${size >> 20} MiB: the engine grew by ${(grown / 2 ** 20).toFixed(1)} MiB`)
    expect(download.suggestedFilename()).toBe('large.bin')
    expect(await hashOf(path)).toBe(await hashOf(join(dir.path, 'large.bin')))
    expect(grown).toBeLessThan(allowed)
    // The address in the browser's list of downloads is worth nothing any more.
    expect((await page.request.get(download.url())).status()).toBe(401)
    await download.delete()
  })

  it('replace one that is there only where that is meant', async () => {
    const source = join(dir.path, 'notes.txt')
    const inside = join(directory('workspace'), 'notes.txt')
    const other = join(dir.path, 'other.txt')
    await here.engine.client.call('write', { id, path: '/mnt/user-data/workspace/notes.txt', content: 'the agent’s' })
    // Not on the screen yet, since nobody has read the directory again: it is asked about all the same.
    expect(await fileRow('notes.txt').count()).toBe(0)
    await writeFile(source, 'mine')
    await writeFile(other, 'another')
    for (const [answer, content] of [
      ['Keep', 'the agent’s'],
      ['Replace it', 'mine'],
    ] as const) {
      await rm(join(directory('workspace'), 'other.txt'), { force: true })
      await page.getByRole('button', { name: 'Read again' }).click()
      await fileRow('other.txt').waitFor({ state: 'detached' })
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Upload', exact: true }).click()])
      await chooser.setFiles([source, other])
      await shows(page, 'Replace notes.txt?')
      await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Keep')
      await page.getByRole('button', { name: answer }).click()
      await page.getByRole('alertdialog').waitFor({ state: 'detached' })
      await fileRow('other.txt').waitFor()
      await eventually(`it holds ${content}`, async () => (await readFile(inside, 'utf8')) === content)
    }
  })

  it('that could act are shown as text', async () => {
    const html = '<script>window.acted = 1</script><img src=x onerror="window.acted = 1"><h1>Report</h1>'
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="window.acted = 1"><script>window.acted = 1</script></svg>'
    for (const [name, content] of [
      ['page.html', html],
      ['drawing.svg', svg],
    ] as const) {
      await here.engine.client.call('write', { id, path: `/mnt/user-data/workspace/${name}`, content })
      await page.getByRole('button', { name: 'Read again' }).click()
      await fileRow(name).click()
      await page.locator('.preview .src').waitFor()
      expect(await page.locator('.preview .src').innerText()).toContain(content)
      expect(await page.locator('.preview :is(h1, script, svg [onload], iframe, object, embed, img)').count()).toBe(0)
    }
    expect(await page.evaluate(() => 'acted' in window)).toBe(false)
    // Asked for as a file, it is one: it is never a page of this origin.
    expect((await saved()).suggestedFilename()).toBe('drawing.svg')
  })

  it('have their names shown and saved without what would disguise them', async () => {
    // Reads as "exe.txt" where U+202E turns the direction; the other rings a bell and moves the cursor.
    const names = ['invoice\u202etxt.exe', 'bell\u0007\u001b[2Jend.txt']
    for (const name of names) await here.engine.client.call('write', { id, path: `/mnt/user-data/outputs/${name}`, content: 'x' })
    expect((await readdir(directory('outputs'))).sort()).toEqual([...names].sort())
    await page.getByRole('button', { name: 'outputs' }).click()
    for (const [shown, kept] of [
      ['invoice\\u{202e}txt.exe', 'invoicetxt.exe'],
      ['bell\\x07\\x1b[2Jend.txt', 'bell[2Jend.txt'],
    ] as const) {
      await fileRow(shown).click()
      const download = await saved()
      expect(download.suggestedFilename()).toBe(kept)
      expect(await readFile(await download.path(), 'utf8')).toBe('x')
    }
  })

  it('say nothing in the console that they should not', () => quiet(here.tab.complaints))
})

async function writeNoise(path: string): Promise<void> {
  const file = await openFile(path, 'w')
  const block = randomBytes(1024 * 1024)
  for (let at = 0; at < size / block.byteLength; at += 1) {
    block.writeUInt32LE(at)
    await file.write(block)
  }
  await file.close()
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** How far a process goes above what it had, in bytes, while `work` is done. */
async function watched<T>(pid = 0, work: () => Promise<T>): Promise<{ grown: number; result: T }> {
  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
  const before = resident()
  let most = before
  const look = () => {
    most = Math.max(most, resident())
  }
  const timer = setInterval(look, 50)
  try {
    const result = await work()
    look()
    return { grown: most - before, result }
  } finally {
    clearInterval(timer)
  }
}
