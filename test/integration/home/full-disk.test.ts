import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'

let temp: TempDir
beforeAll(async () => {
  temp = await tempDir('full')
})
afterAll(() => temp.remove())

const main = (file: string) => JSON.stringify(new URL(`../../../main/${file}`, import.meta.url).href)

/** Runs a program on a file system of its own with these limits, in a mount namespace that ends with it. */
async function onTinyDisk(options: string, program: string): Promise<unknown> {
  const script = `
    import { readdirSync, writeFileSync } from 'node:fs'
    const dir = ${JSON.stringify(temp.path)}
    const { openHome } = await import(${main('house/home/open-home.ts')})
    const { writeAtomic } = await import(${main('base/write-atomic.ts')})
    const fill = (make) => { try { for (let n = 0; n < 4096; n++) make(n) } catch (error) { if (error.code !== 'ENOSPC') throw error } }
    const outcome = (work) => work.then(() => 'ok', (error) => ({ code: error.code, message: error.message }))
    ${program}`
  const { stdout } = await promisify(execFile)('unshare', [
    '--map-root-user',
    '--mount',
    'sh',
    '-c',
    'mount -t tmpfs -o "$1" tmpfs "$2" && exec "$3" --input-type=module -e "$4"',
    'sh',
    options,
    temp.path,
    process.execPath,
    script,
  ])
  return JSON.parse(stdout)
}

describe('a home on a full disk', () => {
  it('says that the disk is full, leaves no temporary file, and still opens', async () => {
    const seen = await onTinyDisk(
      'size=256k,mode=0700',
      `
      const home = await openHome(dir)
      await writeAtomic(dir + '/a', 'old', { mode: 0o600 })
      fill((n) => writeFileSync(dir + '/filler' + n, Buffer.alloc(4096)))
      const write = await outcome(writeAtomic(dir + '/a', Buffer.alloc(65536), { mode: 0o600 }))
      const again = await openHome(dir)
      console.log(JSON.stringify({ write, same: again.installation === home.installation, left: readdirSync(dir).filter((name) => name.includes('.tmp')) }))`,
    )
    expect(seen).toEqual({ write: { code: 'DISK_FULL', message: expect.stringContaining('disk is full') }, same: true, left: [] })
  })

  it('tells inodes from bytes', async () => {
    const seen = await onTinyDisk(
      'nr_inodes=32,mode=0700',
      `
      fill((n) => writeFileSync(dir + '/filler' + n, ''))
      console.log(JSON.stringify([await outcome(openHome(dir)), await outcome(writeAtomic(dir + '/a', 'x', { mode: 0o600 }))]))`,
    )
    const noInodes = { code: 'DISK_FULL', message: expect.stringContaining('no inodes') }
    expect(seen).toEqual([noInodes, noInodes])
  })
})
