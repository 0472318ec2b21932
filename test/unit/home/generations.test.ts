import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { capability, openGenerations } from '../../../main/house/home/generations.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'

let dir: TempDir
beforeAll(async () => {
  dir = await tempDir('generations')
})
afterAll(async () => await dir.remove())

const id = 'a'.repeat(16)
const problems: string[] = []
const open = () => openGenerations(dir.path, (text) => problems.push(text))

it('has no file for what was never changed, and one small private file for what was', async () => {
  const first = await open()
  expect(first.of(id)).toBe('')
  expect(await readdir(dir.path)).toEqual([])
  await first.renew(id)
  expect(first.of(id)).toMatch(/^[a-f0-9]{16}$/)
  expect((await stat(join(dir.path, id))).mode & 0o777).toBe(0o600)
  expect((await open()).of(id)).toBe(first.of(id))
})

it('never brings back what was ended: not by a second change, a damaged file or a lost one', async () => {
  const past = new Set(['', (await open()).of(id)])
  const next = async () => {
    const now = (await open()).of(id)
    return { now, fresh: !past.has(now) && past.add(now) }
  }
  await (await open()).renew(id)
  expect((await next()).fresh).toBeTruthy()
  await writeFile(join(dir.path, id), 'not a gen')
  const damaged = await next()
  expect(damaged.fresh).toBeTruthy()
  expect(problems.join()).toContain(id)
  // Written down at once, so that the new one stays.
  expect((await readFile(join(dir.path, id), 'utf8')).trim()).toBe(damaged.now)
  await writeFile(join(dir.path, `${id}.1234.tmp`), 'left over')
  expect((await open()).of(id)).toBe(damaged.now)
})

it('is in force even where it could not be written down', async () => {
  const gone = await open()
  const before = gone.of(id)
  await rm(dir.path, { recursive: true })
  await expect(gone.renew(id)).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
  expect(gone.of(id)).not.toBe(before)
})

it('says when the present one is on disk, and keeps the last of several', async () => {
  const own = await tempDir('generations-order')
  const all = await openGenerations(own.path, () => undefined)
  void all.renew(id)
  void all.renew(id)
  await all.written(id)
  expect((await readFile(join(own.path, id), 'utf8')).trim()).toBe(all.of(id))
  await all.written('never changed')
  await own.remove()
})

it('makes a capability of its own for each form, sandbox, generation and installation', () => {
  const all = [
    capability('5'.repeat(64), 'path', id, ''),
    capability('5'.repeat(64), 'browser', id, ''),
    capability('5'.repeat(64), 'path', id, '0'.repeat(16)),
    capability('5'.repeat(64), 'path', 'b'.repeat(16), ''),
    capability('6'.repeat(64), 'path', id, ''),
  ]
  expect(new Set(all).size).toBe(all.length)
  for (const one of all) expect(one).toMatch(/^[a-f0-9]{32}$/)
})
