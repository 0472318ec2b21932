import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../../main/house/config/load-config.ts'
import { openHome, type Home } from '../../../main/house/home/open-home.ts'
import type { ExtraMount } from '../../../main/core/deps.ts'
import { makeWorkspace } from '../../../main/house/workspace/workspace.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'

const place = { id: '0123456789abcdef', user: 'alice', thread: 'demo' }
const acp = 'users/alice/threads/demo/acp-workspace'
const lark = 'users/alice/integrations/lark-cli'
let temp: TempDir
let home: Home
let deerFlow: string

beforeAll(async () => {
  temp = await tempDir('extras')
  home = await openHome(join(temp.path, 'berth'))
  deerFlow = join(temp.path, 'deer-flow')
  for (const dir of [
    acp,
    `${lark}/config/locks`,
    `${lark}/data`,
    'users/alice/threads/demo/user-data/workspace',
    'users/alice/threads/other/acp-workspace',
    'users/bob/skills',
    'threads/demo/acp-workspace',
    'shared/skills',
  ]) {
    await mkdir(join(deerFlow, dir), { recursive: true })
  }
  await mkdir(join(temp.path, 'elsewhere'))
  await mkdir(join(temp.path, 'skills', 'public'), { recursive: true })
})
afterAll(() => temp.remove())

const at = (path: string, containerPath = '/mnt/acp-workspace', readonly = true): ExtraMount => ({
  hostPath: path.startsWith('/') ? path : join(deerFlow, path),
  containerPath,
  readonly,
})

function extras(wanted: ExtraMount[], more: { config?: string; env?: Record<string, string>; of?: Partial<typeof place>; home?: Home } = {}) {
  const text = more.config ?? `deer_flow: {home: ${JSON.stringify(deerFlow)}}`
  const { config, overrides } = readConfig(text, join(temp.path, 'config.yaml'), more.env ?? {})
  return makeWorkspace({ home: more.home ?? home, config: () => config, overrides, env: {}, warn: () => undefined }).extrasOf({ ...place, ...more.of }, wanted)
}

describe('mounts that a client asks for', () => {
  it("are those of deer-flow's home that are there, outer before inner, and the rest is told", async () => {
    const got = await extras([
      at(`${lark}/config/locks`, '/mnt/integrations/lark-cli/config/locks', false),
      at(`${lark}/config`, '/mnt/integrations/lark-cli/config'),
      at(acp),
      at('users/alice/skills/custom', '/mnt/skills/custom'),
    ])
    expect(got.mounts).toEqual([
      { source: join(deerFlow, acp), target: '/mnt/acp-workspace', readonly: true },
      { source: join(deerFlow, lark, 'config'), target: '/mnt/integrations/lark-cli/config', readonly: true },
      { source: join(deerFlow, lark, 'config/locks'), target: '/mnt/integrations/lark-cli/config/locks', readonly: false },
    ])
    expect(got.warnings).toEqual([expect.stringContaining('users/alice/skills/custom does not exist')])
    expect(got.hash).toMatch(/^[a-f0-9]{16}$/)
    expect((await extras([at(acp)])).hash).not.toBe((await extras([at(acp, '/mnt/acp-workspace', false)])).hash)
    expect((await extras([])).hash).toBe('')
  })

  it('are refused outside the allowed roots, with the path and the setting that allows it', async () => {
    const outside = join(temp.path, 'elsewhere')
    await expect(extras([at(outside)])).rejects.toMatchObject({
      code: 'MOUNT_REFUSED',
      message: expect.stringContaining(outside),
      next: expect.stringContaining('deer_flow.mount_roots'),
    })
    // Nor does a refusal depend on whether there is something.
    await expect(extras([at(`${outside}/nothing`)])).rejects.toMatchObject({ code: 'MOUNT_REFUSED' })
    await expect(extras([at(acp)], { config: '{}' })).rejects.toMatchObject({ next: expect.stringContaining('deer_flow.home') })
    await expect(extras([at(`${deerFlow}/../elsewhere`)])).rejects.toMatchObject({ code: 'MOUNT_REFUSED' })
    await expect(extras([at(`${deerFlow}-not`)])).rejects.toMatchObject({ code: 'MOUNT_REFUSED' })
    const allowed = await extras([at(outside)], { config: `deer_flow: {mount_roots: [${JSON.stringify(outside)}]}` })
    expect(allowed.mounts).toHaveLength(1)
  })

  it('are judged by where they really lead', async () => {
    await symlink(join(temp.path, 'elsewhere'), join(deerFlow, 'users/alice/out'))
    await symlink(join(deerFlow, 'shared/skills'), join(deerFlow, 'users/alice/in'))
    await expect(extras([at('users/alice/out')])).rejects.toMatchObject({ code: 'MOUNT_REFUSED', message: expect.stringContaining('leads to') })
    expect((await extras([at('users/alice/in')])).mounts).toMatchObject([{ source: join(deerFlow, 'shared/skills') }])
    await symlink('/etc', join(deerFlow, 'users/alice/threads/demo/etc'))
    await expect(extras([at('users/alice/threads/demo/etc')])).rejects.toMatchObject({ code: 'MOUNT_REFUSED' })
  })

  it("are never another thread's or another user's, nor what holds several, nor what the agent itself can change", async () => {
    const refused = [
      '',
      'users',
      'users/alice',
      'users/alice/threads',
      'users/alice/threads/demo',
      'users/alice/threads/other/acp-workspace',
      'users/bob/skills',
      'users/alice/threads/demo/user-data/workspace',
      'threads/demo/acp-workspace',
    ]
    for (const path of refused) await expect(extras([at(path)]), path).rejects.toMatchObject({ code: 'MOUNT_REFUSED' })
    const older = await extras([at('threads/demo/acp-workspace')], { of: { user: 'default' } })
    expect(older.mounts).toHaveLength(1)
  })

  it("work where deer-flow's home is Berth's home, whose own files stay out of reach", async () => {
    const own = await openHome(deerFlow)
    const config = `deer_flow: {home: ${JSON.stringify(deerFlow)}}`
    expect((await extras([at(acp), at('shared/skills', '/mnt/skills/custom')], { config, home: own })).mounts).toHaveLength(2)
    await writeFile(join(deerFlow, 'token'), 'secret')
    for (const path of ['token', 'leases', 'installation', 'users/alice/threads/other/acp-workspace', '']) {
      await expect(extras([at(path)], { config, home: own }), path).rejects.toMatchObject({ code: 'MOUNT_REFUSED' })
    }
  })

  it('are left out, with a word, where a read-only mount has no place for them', async () => {
    const config = `deer_flow: {home: ${JSON.stringify(deerFlow)}}\nskills: {path: skills}`
    const got = await extras([at('shared/skills', '/mnt/skills/custom'), at(acp, '/mnt/skills/public')], { config })
    expect(got.mounts.map(({ target }) => target)).toEqual(['/mnt/skills/public'])
    expect(got.warnings).toEqual([expect.stringContaining('/mnt/skills/custom lies in a read-only mount')])
  })

  it('of a Berth in a container are looked at where it sees them, and nowhere else', async () => {
    const own = await openHome(deerFlow)
    const env = { DEER_FLOW_HOST_BASE_DIR: '/host/deer-flow' }
    const config = `deer_flow: {home: ${JSON.stringify(deerFlow)}}`
    const got = await extras([at(`/host/deer-flow/${acp}`)], { config, env, home: own })
    expect(got.mounts).toEqual([{ source: `/host/deer-flow/${acp}`, target: '/mnt/acp-workspace', readonly: true }])
    await expect(extras([at('/host/other')], { config, env, home: own })).rejects.toMatchObject({ code: 'MOUNT_REFUSED' })
  })
})
