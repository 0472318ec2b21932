import { execFileSync } from 'node:child_process'
import { chmod, link, lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Home, openHome } from '../../../main/house/home/open-home.ts'
import { deleteThread, discardAnonymous, sweepAnonymous, sweepDeleted } from '../../../main/house/workspace/delete-thread.ts'
import { diskUse, listThreads } from '../../../main/house/workspace/list-threads.ts'
import { ensureUserData, threadDir } from '../../../main/house/workspace/ensure-thread.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'

let temp: TempDir
let home: Home
let count = 0
beforeAll(async () => {
  temp = await tempDir('threads')
})
beforeEach(async () => {
  home = await openHome(join(temp.path, `home${count++}`))
})
afterAll(() => temp.remove())

const thread = (name: string, user = 'default') => ({ id: '0'.repeat(16), user, thread: name })
const mode = async (path: string) => (await stat(path)).mode & 0o777

describe("a thread's directories", () => {
  it('are open inside and closed outside, and stay as they are the next time', async () => {
    const before = process.umask(0o077)
    try {
      const userData = await ensureUserData(home, thread('demo', 'ann'))
      expect(userData).toBe(join(home.paths.users, 'ann', 'threads', 'demo', 'user-data'))
      expect(await Promise.all([userData, join(userData, 'workspace'), join(userData, 'uploads'), join(userData, 'outputs')].map(mode))).toEqual([
        0o777, 0o777, 0o777, 0o777,
      ])
      expect(await mode(join(userData, '..'))).toBe(0o700)
      await chmod(join(userData, 'workspace'), 0o750)
      await ensureUserData(home, thread('demo', 'ann'))
      expect(await mode(join(userData, 'workspace'))).toBe(0o750)
    } finally {
      process.umask(before)
    }
  })

  it('are given to the user of sandboxes by a Berth that is root, once, with all that was its own and nothing behind a link', async () => {
    const owner = process.getuid?.() === 0 ? 4321 : process.getuid?.()
    const outside = join(temp.path, 'not-given')
    await writeFile(outside, 'x')
    const former = (await stat(outside)).uid
    const userData = await ensureUserData(home, thread('given'))
    await mkdir(join(userData, 'workspace', 'closed'), { mode: 0o700 })
    await writeFile(join(userData, 'workspace', 'closed', 'file'), 'x')
    await symlink(outside, join(userData, 'workspace', 'link'))
    await ensureUserData(home, thread('given'), { uid: 4321, gid: 4321 })
    for (const path of ['', 'workspace', 'uploads', 'workspace/closed', 'workspace/closed/file', 'workspace/link']) {
      expect([path, (await lstat(join(userData, path))).uid]).toEqual([path, owner])
    }
    expect((await stat(outside)).uid).toBe(former)
    // Given once: what is another's later stays so.
    await writeFile(join(userData, 'workspace', 'later'), 'x')
    await ensureUserData(home, thread('given'), { uid: 4321, gid: 4321 })
    expect((await lstat(join(userData, 'workspace', 'later'))).uid).toBe(former)
  })

  it('are not open to everybody where an open deer-flow home has an open thread', async () => {
    await chmod(home.path, 0o755)
    await mkdir(join(home.paths.threads, 'old'), { recursive: true, mode: 0o755 })
    const userData = await ensureUserData(home, thread('old'))
    expect([await mode(join(userData, 'workspace')), userData.startsWith(home.paths.threads)]).toEqual([0o755, true])
    const fresh = await ensureUserData(home, thread('fresh'))
    expect([await mode(join(fresh, 'workspace')), await mode(join(fresh, '..'))]).toEqual([0o777, 0o700])
  })

  it('stay where an older home has them, for the user default only', async () => {
    await mkdir(join(home.paths.threads, 'old', 'user-data'), { recursive: true })
    expect(await threadDir(home, 'default', 'old')).toBe(join(home.paths.threads, 'old'))
    expect(await threadDir(home, 'ann', 'old')).toBe(join(home.paths.users, 'ann', 'threads', 'old'))
    expect(await threadDir(home, 'default', 'new')).toBe(join(home.paths.users, 'default', 'threads', 'new'))
  })

  it('are never made through a link, wherever it stands and leads', async () => {
    const outside = join(temp.path, `outside${count}`)
    await mkdir(outside)
    await symlink(outside, join(home.paths.users, 'ann'))
    await expect(ensureUserData(home, thread('demo', 'ann'))).rejects.toMatchObject({
      code: 'HOME_UNUSABLE',
      message: expect.stringContaining('symbolic link'),
    })
    await ensureUserData(home, thread('other', 'bob'))
    await symlink(join(home.paths.users, 'bob', 'threads', 'other'), join(home.paths.users, 'bob', 'threads', 'joined'))
    await expect(ensureUserData(home, thread('joined', 'bob'))).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
    await writeFile(join(home.paths.users, 'file'), '')
    await expect(ensureUserData(home, thread('demo', 'file'))).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
    expect(await readdir(outside)).toEqual([])
  })

  it('may hold whatever an agent put there, which is neither followed nor changed', async () => {
    const outside = join(temp.path, `outside${count}`)
    await mkdir(outside, { mode: 0o700 })
    const userData = await ensureUserData(home, thread('demo'))
    await rm(join(userData, 'workspace'), { recursive: true })
    await symlink(outside, join(userData, 'workspace'))
    await ensureUserData(home, thread('demo'))
    expect([await mode(outside), (await lstat(join(userData, 'workspace'))).isSymbolicLink()]).toEqual([0o700, true])
  })

  it('refuse ids that would lead elsewhere, or are one with another on a disk that ignores case', async () => {
    for (const bad of ['..', 'a/b', '', 'a\n', 'x'.repeat(65)]) {
      await expect(threadDir(home, 'default', bad)).rejects.toMatchObject({ code: 'BAD_INPUT' })
      await expect(threadDir(home, bad, 'demo')).rejects.toMatchObject({ code: 'BAD_INPUT' })
    }
    await ensureUserData(home, thread('Demo', 'Ann'))
    const folding = { ...home, ignoresCase: true }
    await expect(threadDir(folding, 'Ann', 'demo')).rejects.toMatchObject({ code: 'IDENTITY_CONFLICT' })
    await expect(threadDir(folding, 'ann', 'Demo')).rejects.toMatchObject({ code: 'IDENTITY_CONFLICT' })
    expect(await threadDir(folding, 'Ann', 'Demo')).toBe(await threadDir(home, 'Ann', 'Demo'))
    expect(await threadDir(home, 'Ann', 'demo')).toContain('demo')
  })
})

describe('disk use', () => {
  it('counts blocks, each inode once, holes not at all, and follows no link', async () => {
    const userData = await ensureUserData(home, thread('demo'))
    const dir = join(userData, 'workspace')
    const empty = (await diskUse(dir)).bytes
    await writeFile(join(dir, 'a'), Buffer.alloc(1_000_000, 1))
    await link(join(dir, 'a'), join(dir, 'b'))
    await symlink('/usr', join(dir, 'usr'))
    execFileSync('truncate', ['-s', '1G', join(dir, 'hole')])
    const use = await diskUse(dir)
    expect(use).toMatchObject({ files: 4, unread: 0 })
    expect(use.bytes - empty).toBeGreaterThanOrEqual(1_000_000)
    expect(use.bytes - empty).toBeLessThan(1_100_000)
  })

  it('walks wide and deep trees', async () => {
    const dir = join(temp.path, `tree${count}`)
    execFileSync('bash', [
      '-c',
      'mkdir -p "$1" && cd "$1" && for n in {1..300}; do mkdir d$n; : > d$n/f; : > g$n; done; for n in {1..150}; do mkdir n; cd n; : > f; done',
      'bash',
      dir,
    ])
    expect(await diskUse(dir)).toMatchObject({ files: 750, unread: 0 })
  })

  it('is listed per thread of either place, of one user or all', async () => {
    await ensureUserData(home, thread('b', 'ann'))
    await ensureUserData(home, thread('a', 'ann'))
    await mkdir(join(home.paths.threads, 'old'), { recursive: true })
    await mkdir(join(home.paths.users, 'ann', 'threads', 'not a thread'))
    await symlink('/usr', join(home.paths.users, 'ann', 'threads', 'link'))
    expect((await listThreads(home)).map(({ user, thread: name }) => `${user}/${name}`)).toEqual(['ann/a', 'ann/b', 'default/old'])
    expect((await listThreads(home, 'ann')).map((row) => row.thread)).toEqual(['a', 'b'])
  })
})

describe("deleting a thread's files", () => {
  it('deletes them whole and nothing else, and says what they used', async () => {
    const outside = join(temp.path, `outside${count}`)
    await mkdir(outside)
    await writeFile(join(outside, 'keep'), 'x')
    const dir = join(await ensureUserData(home, thread('demo')), 'workspace')
    await ensureUserData(home, thread('other'))
    await writeFile(join(dir, 'big'), Buffer.alloc(100_000, 1))
    await symlink(outside, join(dir, 'out'))
    await mkdir(join(dir, 'locked'))
    await writeFile(join(dir, 'locked', 'f'), '')
    await chmod(join(dir, 'locked'), 0o500)
    const deleted = await deleteThread(home, 'default', 'demo')
    expect(deleted).toMatchObject({ left: [], leftCount: 0 })
    expect(deleted.bytes).toBeGreaterThanOrEqual(100_000)
    expect((await listThreads(home)).map((row) => row.thread)).toEqual(['other'])
    expect([await readdir(home.paths.deleted), await readFile(join(outside, 'keep'), 'utf8')]).toEqual([[], 'x'])
    await expect(deleteThread(home, 'default', 'demo')).rejects.toMatchObject({ code: 'THREAD_NOT_FOUND' })
  })

  it('gets to the bottom of a tree that is deeper than a path can be long', async () => {
    const dir = join(await ensureUserData(home, thread('deep')), 'workspace')
    execFileSync('bash', ['-c', 'cd "$1"; name=$(printf "%0200d" 0); for n in {1..60}; do mkdir $name; cd -P $name; : > f; done', 'bash', dir])
    expect((await diskUse(dir)).unread).toBeGreaterThan(0)
    expect(await deleteThread(home, 'default', 'deep')).toMatchObject({ leftCount: 0 })
    expect(await readdir(home.paths.deleted)).toEqual([])
  })

  it('is finished at the next start, and nobody sees half a thread', async () => {
    await mkdir(join(home.paths.deleted, 'a1b2', 'x', 'y'), { recursive: true })
    await writeFile(join(home.paths.deleted, 'a1b2', 'x', 'f'), '')
    expect(await sweepDeleted(home)).toMatchObject({ leftCount: 0 })
    expect(await readdir(home.paths.deleted)).toEqual([])
  })

  it('reports what resists, with its path, and deletes the rest', async () => {
    const dir = join(await ensureUserData(home, thread('stuck')), 'workspace')
    await writeFile(join(dir, 'free'), '')
    await mkdir(join(dir, 'mounted'))
    // A mount point cannot be removed even by root; the namespace keeps it for as long as this program runs.
    const program = `
      const { openHome } = await import(${JSON.stringify(new URL('../../../main/house/home/open-home.ts', import.meta.url).href)})
      const { deleteThread } = await import(${JSON.stringify(new URL('../../../main/house/workspace/delete-thread.ts', import.meta.url).href)})
      console.log(JSON.stringify(await deleteThread(await openHome(process.argv[1]), 'default', 'stuck')))`
    const output = execFileSync('unshare', [
      '--map-root-user',
      '--mount',
      'sh',
      '-c',
      'mount -t tmpfs tmpfs "$1/mounted" && exec "$2" --input-type=module -e "$3" "$4"',
      'sh',
      dir,
      process.execPath,
      program,
      home.path,
    ])
    expect(JSON.parse(output.toString())).toMatchObject({ leftCount: 1, left: [{ code: 'EBUSY', path: expect.stringMatching(/workspace\/mounted$/) }] })
    const [aside = ''] = await readdir(home.paths.deleted)
    expect(await readdir(join(home.paths.deleted, aside, 'user-data', 'workspace'))).toEqual(['mounted'])
    expect(await listThreads(home)).toEqual([])
    expect(await sweepDeleted(home)).toMatchObject({ leftCount: 0 })
  })

  it("ends an anonymous sandbox's files with it, and at start those whose sandbox is gone", async () => {
    const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(16))
    for (const id of ids) await ensureUserData(home, { id, user: 'default', thread: null })
    await discardAnonymous(home, ids[0] ?? '')
    await discardAnonymous(home, ids[0] ?? '')
    expect(await readdir(home.paths.anonymous)).toEqual(ids.slice(1))
    await sweepAnonymous(home, new Set([ids[1] ?? '']))
    expect(await readdir(home.paths.anonymous)).toEqual([ids[1]])
  })
})
