import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAliases } from '../../../main/doors/provisioner/aliases.ts'
import { readCreate } from '../../../main/doors/provisioner/body.ts'
import { deerFlowIds } from '../../../main/house/home/generations.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'

let temp: TempDir
beforeAll(async () => {
  temp = await tempDir('aliases')
})
afterAll(() => temp.remove())

const problems: string[] = []
let now = 0
const open = (dir: string) => openAliases({ dir: join(temp.path, dir), now: () => (now += 1), problem: (text) => problems.push(text) })
const alice = { user: 'alice', thread: 'one' }

describe('what a client means by an id', () => {
  it('is the same after a restart, and another client means nothing by it', async () => {
    const mine = await open('a').of('deer')
    await mine.claim('id1', alice).keep('container-1')
    await mine.claim('id2', { user: 'alice', thread: null }).keep('container-2')
    const again = await open('a').of('deer')
    expect(again.get('id1')).toEqual({ ...alice, ended: false })
    expect(again.given().map(({ id, container }) => [id, container])).toEqual([
      ['id2', 'container-2'],
      ['id1', 'container-1'],
    ])
    expect((await open('a').of('other')).get('id1')).toBeUndefined()
  })

  it('is one thing: another key is refused, kept or on its way', async () => {
    const mine = await open('b').of('deer')
    const first = mine.claim('id', alice)
    expect(() => mine.claim('id', { ...alice, thread: 'two' })).toThrow(expect.objectContaining({ code: 'IDENTITY_CONFLICT' }))
    const second = mine.claim('id', alice)
    first.drop()
    expect(() => mine.claim('id', { ...alice, user: 'bob' })).toThrow(expect.objectContaining({ code: 'IDENTITY_CONFLICT' }))
    second.drop()
    await mine.claim('id', { ...alice, thread: 'two' }).keep(null)
    expect(() => mine.claim('id', alice)).toThrow(expect.objectContaining({ code: 'IDENTITY_CONFLICT' }))
  })

  it('ends with a delete and keeps its meaning; an anonymous one is forgotten', async () => {
    const mine = await open('c').of('deer')
    await mine.claim('id', alice).keep('x')
    await mine.claim('gone', { user: 'alice', thread: null }).keep('y')
    await Promise.all([mine.end('id'), mine.end('gone'), mine.end('never')])
    const again = await open('c').of('deer')
    expect(again.given()).toEqual([])
    expect(again.get('id')).toEqual({ ...alice, ended: true })
    expect(again.get('gone')).toBeUndefined()
    expect(() => again.claim('id', { ...alice, thread: 'two' })).toThrow()
    await again.claim('id', alice).keep('z')
    expect(again.given()).toHaveLength(1)
  })

  it('survives a broken file and a full disk, and says so', async () => {
    const dir = join(temp.path, 'd', 'deer')
    await mkdir(dir, { recursive: true })
    await Promise.all([writeFile(join(dir, 'id'), '{'), writeFile(join(dir, 'x.0123.tmp'), 'half')])
    problems.length = 0
    const mine = await open('d').of('deer')
    expect(mine.get('id')).toBeUndefined()
    expect(problems).toHaveLength(1)
    expect(await readdir(dir)).toEqual(['id.broken'])
    // A file where the directory should be: nothing can be written.
    await rm(dir, { recursive: true })
    await writeFile(dir, '')
    await mine.claim('id', alice).keep('x')
    expect(mine.given()).toHaveLength(1)
    expect(problems).toHaveLength(2)
  })

  it('keeps the files of clients apart whose names a disk could take for one', async () => {
    for (const client of ['Deer', 'deer', '..', 'a/b'])
      await (await open('e').of(client)).claim('id', { user: 'u', thread: client.replace(/\W/g, '') || 'dots' }).keep(null)
    expect(await readdir(join(temp.path, 'e'))).toHaveLength(4)
    expect((await open('e').of('..')).get('id')?.thread).toBe('dots')
    expect(JSON.parse(await readFile(join(temp.path, 'e', 'deer', 'id'), 'utf8'))).toMatchObject({ client: 'deer', thread: 'deer' })
  })
})

describe('bodies', () => {
  const problemsOf = (raw: unknown) => {
    const read = readCreate(raw)
    return 'problems' in read ? read.problems.map(({ type, loc }) => [type, ...loc]) : read
  }

  it('of all ages are read, and what they say of other servers is passed over', () => {
    expect(readCreate({ sandbox_id: 'a1', thread_id: 't' })).toEqual({ request: { id: 'a1', user: 'default', thread: 't' } })
    expect(readCreate({ sandbox_id: 'a1', thread_id: null, user_id: 'u', include_legacy_skills: true, provision_lark_cli_runtime: false, more: [1] })).toEqual({
      request: { id: 'a1', user: 'u', thread: null },
    })
  })

  it('that do not fit are answered as FastAPI does', () => {
    expect(problemsOf(null)).toEqual([['missing', 'body']])
    expect(problemsOf([])).toEqual([['type_error', 'body']])
    expect(problemsOf({ thread_id: 't' })).toEqual([['missing', 'body', 'sandbox_id']])
    expect(problemsOf({ sandbox_id: 1, thread_id: 'a b' })).toEqual([
      ['type_error', 'body', 'sandbox_id'],
      ['string_pattern_mismatch', 'body', 'thread_id'],
    ])
    for (const id of ['../x', 'a/b', 'A', '', '-a', 'x'.repeat(65), 'a\n'])
      expect(problemsOf({ sandbox_id: id, thread_id: 't' }), id).toEqual([['string_pattern_mismatch', 'body', 'sandbox_id']])
    expect(problemsOf({ sandbox_id: 'a', thread_id: 't\n' })).toEqual([['string_pattern_mismatch', 'body', 'thread_id']])
    expect(problemsOf({ sandbox_id: 'a', extra_mounts: [{ container_path: '/x' }] })).toEqual([['missing', 'body', 'extra_mounts', 0, 'host_path']])
    const mount = { host_path: '/x', container_path: '/mnt/acp-workspace', read_only: true }
    expect(problemsOf({ sandbox_id: 'a', extra_mounts: Array.from({ length: 11 }, () => mount) })).toEqual([['too_long', 'body', 'extra_mounts']])
    expect(readCreate({ sandbox_id: 'a', extra_mounts: [mount, mount] })).toMatchObject({ status: 400 })
    expect(readCreate({ sandbox_id: 'a', extra_mounts: [{ ...mount, container_path: '/etc' }] })).toMatchObject({ status: 400 })
  })
})

it("deer-flow's own names of a thread are known, and collide as they do", () => {
  expect(deerFlowIds('default', 'demo')).toHaveLength(3)
  expect(deerFlowIds('user-9721', 'thread-9721')[1]).toBe(deerFlowIds('user-94361', 'thread-94361')[1])
  expect(deerFlowIds('user-9721', 'thread-9721')[0]).not.toBe(deerFlowIds('user-94361', 'thread-94361')[0])
})
