import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defaultHome } from '../../../main/house/home/paths.ts'
import { containerId, sandboxKey, seedAlias } from '../../../main/house/home/generations.ts'
import { openHome } from '../../../main/house/home/open-home.ts'
import { readJson } from '../../../main/base/read-json.ts'
import { ensureToken } from '../../../main/house/home/token.ts'
import { writeAtomic } from '../../../main/base/write-atomic.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'

let temp: TempDir
beforeAll(async () => {
  temp = await tempDir('home')
})
afterAll(() => temp.remove())

const mode = async (path: string) => (await stat(path)).mode & 0o777

describe('openHome', () => {
  it('makes a private home, and gives the same identity again', async () => {
    const dir = join(temp.path, 'fresh')
    const first = await openHome(dir)
    const second = await openHome(dir)
    expect(await mode(dir)).toBe(0o700)
    expect(await mode(first.paths.installation)).toBe(0o600)
    expect(first.secret).toMatch(/^[a-f0-9]{64}$/)
    expect(second).toEqual(first)
  })

  it('lets many first starters in separate processes agree on one identity and one token', async () => {
    const dir = join(temp.path, 'raced')
    await mkdir(dir, { mode: 0o700 })
    const program = `
      const { openHome } = await import(${JSON.stringify(new URL('../../../main/house/home/open-home.ts', import.meta.url).href)})
      const { ensureToken } = await import(${JSON.stringify(new URL('../../../main/house/home/token.ts', import.meta.url).href)})
      const homes = await Promise.all(Array.from({ length: 8 }, () => openHome(${JSON.stringify(dir)})))
      const tokens = await Promise.all(homes.map((home) => ensureToken(home)))
      console.log(JSON.stringify(homes.map((home, n) => home.installation + home.secret + tokens[n])))`
    const runs = await Promise.all(Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])))
    const seen = new Set(runs.flatMap(({ stdout }) => z.array(z.string()).parse(JSON.parse(stdout))))
    expect(seen.size).toBe(1)
    expect((await readdir(dir)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('keeps the mode of an existing home, warns of a group that may write, refuses one open to everybody', async () => {
    const dir = join(temp.path, 'open')
    await mkdir(dir)
    await chmod(dir, 0o775)
    const home = await openHome(dir)
    expect(await mode(dir)).toBe(0o775)
    expect(home.warnings.join()).toContain('group may write')
    await chmod(dir, 0o777)
    await expect(openHome(dir)).rejects.toMatchObject({ code: 'HOME_UNUSABLE', next: expect.stringContaining('chmod o-w') })
  })

  it('makes nothing outside itself, and says what is missing', async () => {
    await expect(openHome(join(temp.path, 'no', 'parent'))).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
    expect(await readdir(temp.path)).not.toContain('no')
    await writeFile(join(temp.path, 'file'), '')
    await expect(openHome(join(temp.path, 'file'))).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
  })

  it('goes by its real path, so that a copy is told apart though it has the same id', async () => {
    const dir = join(temp.path, 'real')
    const home = await openHome(dir)
    await symlink(dir, join(temp.path, 'link'))
    expect((await openHome(join(temp.path, 'link'))).path).toBe(home.path)
    await cp(dir, join(temp.path, 'copy'), { recursive: true })
    const copy = await openHome(join(temp.path, 'copy'))
    expect([copy.installation, copy.path === home.path]).toEqual([home.installation, false])
  })

  it('refuses a damaged identity and leaves it as it is', async () => {
    const dir = join(temp.path, 'damaged')
    const home = await openHome(dir)
    await writeFile(home.paths.installation, '{"id":')
    await expect(openHome(dir)).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
    expect(await readFile(home.paths.installation, 'utf8')).toBe('{"id":')
  })

  it('is found by BERTH_HOME, else below the user', () => {
    expect(defaultHome({ BERTH_HOME: '/x/y' })).toBe('/x/y')
    expect(defaultHome({ BERTH_HOME: '' })).toMatch(/\.berth$/)
  })
})

describe('ensureToken', () => {
  it('makes one token, closes its file when it was open, refuses what is none', async () => {
    const home = await openHome(join(temp.path, 'token'))
    const token = await ensureToken(home)
    expect(token).toMatch(/^e2b_[a-f0-9]{40}$/)
    expect(await mode(home.paths.token)).toBe(0o600)
    await chmod(home.paths.token, 0o644)
    const warned: string[] = []
    expect(await ensureToken(home, (text) => warned.push(text))).toBe(token)
    expect([await mode(home.paths.token), warned.length]).toEqual([0o600, 1])
    await writeFile(home.paths.token, 'mine\n')
    await expect(ensureToken(home)).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
  })
})

describe('files', () => {
  it('are replaced whole with the mode asked for, and a failure leaves the old one and no temporary file', async () => {
    const dir = join(temp.path, 'files')
    await mkdir(dir)
    const path = join(dir, 'a.json')
    await writeAtomic(path, 'one', { mode: 0o600 })
    await writeAtomic(path, 'two', { mode: 0o600 })
    expect([await readFile(path, 'utf8'), await mode(path)]).toEqual(['two', 0o600])
    await mkdir(join(dir, 'taken'))
    await writeFile(join(dir, 'taken', 'x'), '')
    await expect(writeAtomic(join(dir, 'taken'), 'no', { mode: 0o600 })).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
    await expect(writeAtomic(join(dir, 'gone', 'x'), 'no', { mode: 0o600 })).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
    expect((await readdir(dir)).sort()).toEqual(['a.json', 'taken'])
  })

  it('that do not parse or fit are counted and moved aside', async () => {
    const path = join(temp.path, 'lease')
    const schema = z.object({ n: z.number() })
    expect(await readJson(path, schema)).toEqual({ value: null, broken: null })
    await writeFile(path, '{"n":1}')
    expect(await readJson(path, schema)).toEqual({ value: { n: 1 }, broken: null })
    for (const bad of ['{"n":', '{"n":"x"}', '']) {
      await writeFile(path, bad)
      const read = await readJson(path, schema)
      expect(read).toMatchObject({ value: null, broken: { path, moved: `${path}.broken` } })
      expect(await readFile(`${path}.broken`, 'utf8')).toBe(bad)
    }
    expect(await readJson(path, schema)).toEqual({ value: null, broken: null })
  })
})

describe('derived names and keys', () => {
  it("are deer-flow's ids, and keys that depend on secret and nonce", () => {
    // Computed with `printf %s default:demo | sha256sum` and `printf %s demo | sha256sum`.
    expect(containerId('default', 'demo')).toBe('a8d33e78f2690480')
    expect(seedAlias('demo')).toBe('2a97516c')
    const key = sandboxKey('ab'.repeat(32), 'nonce')
    expect(key).toMatch(/^[a-f0-9]{64}$/)
    expect(key).not.toBe(sandboxKey('ab'.repeat(32), 'other'))
    expect(key).not.toBe(sandboxKey('cd'.repeat(32), 'nonce'))
  })
})
