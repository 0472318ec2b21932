import { link, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../../main/house/config/load-config.ts'
import { openHome, type Home } from '../../../main/house/home/open-home.ts'
import { makeWorkspace } from '../../../main/house/workspace/workspace.ts'
import { whyNotMount } from '../../../main/house/workspace/plan-mounts.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'

const place = { id: '0123456789abcdef', user: 'default', thread: 'demo' }
let temp: TempDir
let home: Home
beforeAll(async () => {
  temp = await tempDir('mounts')
  home = await openHome(join(temp.path, 'home'))
  for (const name of ['data', 'skills', 'other']) await mkdir(join(temp.path, name))
})
afterAll(() => temp.remove())

function workspace(text: string, env: Record<string, string> = {}, agent: number | null = null) {
  const { config, overrides } = readConfig(text, join(temp.path, 'config.yaml'), env)
  const warnings: string[] = []
  return {
    ...makeWorkspace({
      home,
      config: () => config,
      overrides,
      env,
      owner: () => Promise.resolve(agent === null ? null : { uid: agent, gid: agent }),
      warn: (warning) => warnings.push(warning),
    }),
    warnings,
  }
}
const mount = (host: string, more = 'container_path: /mnt/data') => `mounts: [{host_path: ${JSON.stringify(host)}, ${more}}]`

describe('the binds of a sandbox', () => {
  it("are the thread's files, what is configured, and the skills where there are any", async () => {
    const { mountsOf, userDataOf, warnings } = workspace(`${mount('data', 'container_path: /mnt/data/, read_only: true')}\nskills: {path: skills}`)
    const userData = join(home.paths.users, 'default', 'threads', 'demo', 'user-data')
    expect(await userDataOf(place)).toBe(userData)
    expect(await mountsOf(place)).toEqual([
      { source: userData, target: '/mnt/user-data', readonly: false },
      { source: join(temp.path, 'data'), target: '/mnt/data', readonly: true },
      { source: join(temp.path, 'skills'), target: '/mnt/skills', readonly: true },
    ])
    expect(warnings).toEqual([])
    const without = workspace('skills: {path: nothing-here}')
    expect(await without.mountsOf(place)).toHaveLength(1)
    expect(without.warnings).toEqual([expect.stringContaining('nothing-here')])
  })

  it('to be written but of another user than sandboxes run as are told of, by what would mend it', async () => {
    const own = process.getuid?.() ?? 0
    const { slotMountsOf, warnings } = workspace(mount('data'), {}, own + 4321)
    await slotMountsOf(join(temp.path, 'slot'))
    expect(warnings).toEqual([expect.stringMatching(`data is mounted to be written, but belongs to uid ${own}.*user: ${own || 'root'}`)])
    const quiet = workspace(mount('data', 'container_path: /mnt/data, read_only: true'), {}, own + 4321)
    await quiet.slotMountsOf(join(temp.path, 'slot'))
    expect(quiet.warnings).toEqual([])
  })

  it('come once a container path, the first winning, outer before inner', async () => {
    const { mountsOf, warnings } = workspace(`mounts:
      - {host_path: data, container_path: /mnt/a/b/c}
      - {host_path: other, container_path: /mnt/a//b/c/}
      - {host_path: other, container_path: /mnt/x}`)
    expect((await mountsOf(place)).map(({ source, target }) => [source, target]).slice(1)).toEqual([
      [join(temp.path, 'other'), '/mnt/x'],
      [join(temp.path, 'data'), '/mnt/a/b/c'],
    ])
    expect(warnings).toEqual([expect.stringContaining('/mnt/a/b/c is mounted already')])
  })

  it('are named as the engine sees them where Berth runs in a container', async () => {
    const env = { DEER_FLOW_HOST_BASE_DIR: '/host/berth/', DEER_FLOW_HOST_SKILLS_PATH: '/host/skills' }
    const { mountsOf, userDataOf } = workspace(mount('/only/there'), env)
    const userData = '/host/berth/users/default/threads/demo/user-data'
    expect(await userDataOf(place)).toBe(userData)
    expect((await mountsOf(place)).map(({ source }) => source)).toEqual([userData, '/only/there', '/host/skills'])
    const windows = workspace('', { BERTH_HOST_BASE_DIR: 'D:\\berth' })
    expect(await windows.userDataOf(place)).toBe('D:\\berth\\users\\default\\threads\\demo\\user-data')
    await expect(workspace(mount('/etc'), env).mountsOf(place)).rejects.toMatchObject({ code: 'MOUNT_REFUSED' })
  })
})

describe('a mount is refused', () => {
  let server: Server
  const socket = () => join(temp.path, 'sockets', 'engine.sock')
  beforeAll(async () => {
    await mkdir(join(temp.path, 'sockets'))
    server = createServer()
    await new Promise<void>((resolve) => server.listen(socket(), resolve))
  })
  afterAll(() => server.close())
  const refusal = (text: string) => workspace(text, { DOCKER_HOST: `unix://${socket()}` }).mountsOf({ ...place, thread: 'refused' })

  it('when there is nothing, or a link to nothing, before any directory is made', async () => {
    await symlink(join(temp.path, 'nowhere'), join(temp.path, 'dangling'))
    for (const name of ['missing', 'dangling', 'data/../missing']) {
      await expect(refusal(mount(name))).rejects.toMatchObject({ code: 'MOUNT_MISSING', message: expect.stringContaining('/mnt/data') })
    }
    await expect(refusal(mount('/etc'))).rejects.toMatchObject({ code: 'MOUNT_REFUSED' })
    await expect(rm(join(home.paths.users, 'default', 'threads', 'refused'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('for the home, its parents and its own files, also through links; not for another directory in it', async () => {
    await symlink(home.path, join(temp.path, 'to-home'))
    await mkdir(join(home.path, 'shared'))
    for (const path of [
      home.path,
      temp.path,
      join(temp.path, 'to-home'),
      join(temp.path, 'to-home', 'installation'),
      home.paths.users,
      `${home.path}/x/../leases`,
    ]) {
      await expect(refusal(mount(path)), path).rejects.toMatchObject({ code: 'MOUNT_REFUSED' })
    }
    await expect(refusal(mount(join(home.path, 'shared')))).resolves.toHaveLength(2)
  })

  it("for the engine's socket, whatever name it has, and a directory with it", async () => {
    await symlink(socket(), join(temp.path, 'data', 'link'))
    await link(socket(), join(temp.path, 'data', 'hard'))
    for (const path of [socket(), join(temp.path, 'sockets'), join(temp.path, 'data', 'link'), join(temp.path, 'data', 'hard')]) {
      await expect(refusal(mount(path)), path).rejects.toMatchObject({ code: 'MOUNT_REFUSED', message: expect.stringContaining('socket') })
    }
  })

  it('for the system, also through links and dots', async () => {
    await symlink('/etc', join(temp.path, 'to-etc'))
    for (const path of [
      '/',
      '/etc',
      '/etc/',
      '/proc/self',
      '/usr/bin',
      '//usr',
      join(temp.path, 'to-etc'),
      `${temp.path}${'/..'.repeat(20)}/etc`,
      '/dev/null',
      '/home/..',
    ]) {
      await expect(refusal(mount(path)), path).rejects.toMatchObject({ code: 'MOUNT_REFUSED' })
    }
  })

  it('where it would hide something that is needed', async () => {
    for (const target of [
      '/',
      '/mnt',
      '/mnt/user-data',
      '/mnt//user-data/',
      '/mnt/x/../user-data/workspace',
      '/proc',
      '/proc/x',
      '/sys',
      '/dev/shm',
      '/etc',
      '/usr/bin/..',
    ]) {
      await expect(refusal(mount('data', `container_path: ${target}`)), target).rejects.toMatchObject({ code: 'MOUNT_REFUSED' })
    }
    await expect(refusal(mount('data', 'container_path: /mnt/user-data/workspace/shared'))).resolves.toHaveLength(2)
    await expect(refusal('skills: {path: skills, container_path: /etc}')).rejects.toMatchObject({ code: 'MOUNT_REFUSED' })
  })

  it('by rules that leave people their own directories', () => {
    const rules = { home: '/home/me/.berth', ignoresCase: false, sockets: [] }
    const may = (path: string) => whyNotMount(path, rules) === null
    expect(
      [
        '/home/me/project',
        '/srv/models',
        '/opt/x',
        '/mnt/disk',
        '/usr/share/dict',
        '/var/data',
        '/root/work',
        '/tmp/x',
        '/run/media/me/stick',
        '/etcetera',
        '/home/me/.berth-old',
      ].filter((path) => !may(path)),
    ).toEqual([])
    expect(
      ['/home/me', '/home', '/root', '/run/user/1000', '/var/lib/docker/volumes/x', '/usr/share', '/lib64', '/home/me/.berth/events.1.jsonl'].filter(may),
    ).toEqual([])
    expect(whyNotMount('/Home/ME/.Berth/Token', { ...rules, ignoresCase: true })).not.toBeNull()
  })
})

describe('a file', () => {
  it('may be mounted as well', async () => {
    await writeFile(join(temp.path, 'other', 'f.txt'), 'x')
    expect(await workspace(mount('other/f.txt')).mountsOf(place)).toContainEqual({
      source: join(temp.path, 'other', 'f.txt'),
      target: '/mnt/data',
      readonly: false,
    })
  })
})
