import { mkdir, readFile, readlink, realpath, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nameIn, policy, serveBundle } from '../../../app/boot/bundle.ts'
import { autostart } from '../../../app/native/shell-settings.ts'
import { commandPlace, installCommand, installedCommand } from '../../../app/native/install-command.ts'
import { issuedPaths } from '../../../app/native/issued.ts'
import { openable } from '../../../app/native/open-link.ts'
import { threadDirectory } from '../../../app/native/native-calls.ts'
import type { HouseState } from '../../../shared/state.ts'
import { tempDir } from '../../support/temp-dir.ts'

let dir: string
let remove: () => Promise<void>
beforeEach(async () => {
  const made = await tempDir('native')
  dir = await realpath(made.path)
  remove = () => made.remove()
})
afterEach(() => remove())

describe('the bundle', () => {
  it.each([
    ['app://bundle/', 'index.html'],
    ['app://bundle/assets/a.js?x#y', 'assets/a.js'],
    ['app://bundle/%2e%2e/secret', 'secret'],
    ['app://bundle/..%2fsecret', null],
    ['app://bundle/a/..%2f..%2fsecret', null],
    ['app://bundle/a%00.js', null],
    ['app://bundle/a%5c..%5cb', null],
    ['app://elsewhere/index.html', null],
    ['https://bundle/index.html', null],
    ['app://bundle/%E0%A4%A', null],
    ['no address', null],
  ])('%s names %s', (url, name) => expect(nameIn(url)).toBe(name))

  it('serves its files with the policy, and nothing beside them', async () => {
    const root = join(dir, 'renderer')
    await mkdir(root)
    await writeFile(join(root, 'index.html'), '<p>page')
    await writeFile(join(dir, 'secret'), 'secret')
    await symlink(join(dir, 'secret'), join(root, 'link.html'))
    const ask = (path: string, method = 'GET') => serveBundle(root, { url: `app://bundle${path}`, method })
    const page = await ask('/')
    expect(page).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy, 'x-content-type-options': 'nosniff' },
    })
    expect(Buffer.from(page.body ?? []).toString()).toBe('<p>page')
    const others = await Promise.all([ask('/link.html'), ask('/..%2fsecret'), ask('/none.js'), ask('/', 'POST')])
    expect(others.map(({ status, body }) => [status, body])).toEqual([
      [404, null],
      [404, null],
      [404, null],
      [405, null],
    ])
  })

  it('runs no code but its own', () => {
    expect(policy).toMatch(/^default-src 'none'; script-src 'self';/)
    expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe|\*|https?:/)
  })
})

describe('links', () => {
  it.each(['https://example.com/a?b#c', 'http://localhost:7879/', 'http://abc.localhost:7879/x', 'http://127.0.0.1:1/', 'http://[::1]:80/'])(
    'opens %s',
    (url) => expect(openable(url)).toBe(new URL(url).href),
  )
  it.each([
    'http://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'smb://host/share',
    'https://user:pw@example.com/',
    'http://localhost.example.com/',
    'http://127.0.0.1.example.com/',
    'vscode://x',
    'no link',
    '',
  ])('refuses %s', (url) => expect(() => openable(url)).toThrow('not opened'))
})

describe('paths', () => {
  const state = (home: string) => ({ house: { home, token_file: join(home, 'token'), config: { file: null } } }) as unknown as HouseState

  it('shows what the engine has named and what lies below, links resolved', async () => {
    const [home, thread, other] = [join(dir, 'home'), join(dir, 'thread'), join(dir, 'other')]
    for (const made of [home, join(thread, 'workspace'), other]) await mkdir(made, { recursive: true })
    await symlink(other, join(thread, 'workspace', 'way-out'))
    const issued = issuedPaths()
    expect(await issued.has(thread, state(home))).toBe(false)
    issued.answered('details', { mounts: [{ host: join(thread, 'workspace') }] })
    const asked = [
      home,
      join(thread, 'workspace'),
      join(thread, 'workspace', 'way-out'),
      thread,
      other,
      join(home, '..', 'other'),
      join(home, 'none'),
      'home',
      `${home}-else`,
    ]
    expect(await Promise.all(asked.map((one) => issued.has(one, state(home))))).toEqual([true, true, false, false, false, false, false, false, false])
    expect(await issued.has(home, null)).toBe(false)
  })

  it("opens a thread's three directories, and never what took their place", async () => {
    const home = join(dir, 'home')
    const data = join(home, 'users', 'default', 'threads', 't', 'user-data')
    for (const name of ['workspace', 'uploads']) await mkdir(join(data, name), { recursive: true })
    await mkdir(join(dir, 'elsewhere', 'outputs'), { recursive: true })
    await symlink(join(dir, 'elsewhere', 'outputs'), join(data, 'outputs'))
    await writeFile(join(data, 'file'), '')
    const mount = (kind: string, host: string) => ({ kind, host, container: '', mode: 'rw', exists: true, bytes: null, files: null }) as never
    const details = {
      mounts: [
        mount('workspace', join(data, 'workspace')),
        mount('uploads', join(data, 'uploads')),
        mount('outputs', join(data, 'outputs')),
        mount('extra', join(dir, 'elsewhere')),
      ],
    }
    const open = (which: string) => threadDirectory({ home, details, which })
    expect(await open('workspace')).toBe(join(data, 'workspace'))
    await expect(open('outputs')).rejects.toMatchObject({ code: 'FILE_DENIED' })
    await expect(open('extra')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await expect(threadDirectory({ home, details: { mounts: [mount('workspace', join(data, 'gone'))] }, which: 'workspace' })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    })
    await expect(threadDirectory({ home, details: { mounts: [mount('workspace', join(data, 'file'))] }, which: 'workspace' })).rejects.toMatchObject({
      code: 'FILE_DENIED',
    })
    // Within the home, but another thread's: a sandbox can put such a link into its own mount.
    const [mine, theirs] = ['v', 'u'].map((thread) => join(home, 'users', 'default', 'threads', thread, 'user-data')) as [string, string]
    await mkdir(join(theirs, 'workspace'), { recursive: true })
    await mkdir(mine, { recursive: true })
    await symlink('../../u/user-data/workspace', join(mine, 'workspace'))
    await expect(threadDirectory({ home, details: { mounts: [mount('workspace', join(mine, 'workspace'))] }, which: 'workspace' })).rejects.toMatchObject({
      code: 'FILE_DENIED',
    })
  })
})

describe('the berth command', () => {
  it('is a link of the user, replaced by a newer one of ours and never over another file', async () => {
    const place = commandPlace({ platform: 'linux', env: {}, userHome: dir, target: join(dir, 'app', 'bin', 'berth') })
    expect(await installedCommand(place)).toBeNull()
    expect(await installCommand(place)).toBe(join(dir, '.local', 'bin', 'berth'))
    expect(await installedCommand(place)).toBe(join(dir, '.local', 'bin', 'berth'))
    const newer = commandPlace({ platform: 'linux', env: {}, userHome: dir, target: join(dir, 'newer', 'berth') })
    expect(await installedCommand(newer)).toBeNull()
    await installCommand(newer)
    expect(await readlink(join(dir, '.local', 'bin', 'berth'))).toBe(join(dir, 'newer', 'berth'))
  })
  it('leaves the files of others alone, and an AppImage has none to give', async () => {
    const place = commandPlace({ platform: 'linux', env: {}, userHome: dir, target: join(dir, 'berth') })
    await mkdir(join(dir, '.local', 'bin'), { recursive: true })
    await writeFile(join(dir, '.local', 'bin', 'berth'), 'mine')
    await expect(installCommand(place)).rejects.toMatchObject({ code: 'NAME_TAKEN' })
    expect(await readFile(join(dir, '.local', 'bin', 'berth'), 'utf8')).toBe('mine')
    await expect(installCommand(commandPlace({ platform: 'linux', env: { APPIMAGE: '/x' }, userHome: dir, target: '/y' }))).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
    })
  })
})

describe('launch at login on Linux', () => {
  it('is an entry that a desktop reads, and that it may have switched off', async () => {
    const entry = autostart({ env: {}, home: dir, command: '/opt/My "Apps"/100%/berth' })
    const file = join(dir, '.config', 'autostart', 'berth.desktop')
    expect(await entry.get()).toBe(false)
    await entry.set(true)
    expect(await entry.get()).toBe(true)
    expect(await readFile(file, 'utf8')).toContain('Exec="/opt/My \\"Apps\\"/100%%/berth" --hidden\n')
    await writeFile(file, `${await readFile(file, 'utf8')}Hidden=true\n`)
    expect(await entry.get()).toBe(false)
    await entry.set(false)
    await entry.set(false)
    expect(await entry.get()).toBe(false)
  })
})
