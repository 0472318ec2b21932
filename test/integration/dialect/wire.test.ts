import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { deerFlowIds } from '../../../main/house/home/generations.ts'
import { openDialectHouse, send, type DialectHouse } from '../../support/dialect-house.ts'
import { openHouse } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'

const [headId = '', , seedId = ''] = deerFlowIds('default', 'wire')

needs('docker', 'lite-image').describe("deer-flow's provisioner dialect on the wire", () => {
  let house: DialectHouse
  beforeAll(async () => {
    house = await openDialectHouse({ config: 'deer_flow: { home: "$HOME/deer" }' })
  })
  afterAll(() => house.close())

  it('has an open health that says more than it must, and capabilities', async () => {
    const health = await send(house.port, 'GET', '/health', {})
    expect([health.status, health.json]).toEqual([200, expect.objectContaining({ status: 'ok', version: expect.any(String) })])
    const capabilities = await house.ask('alpha', 'GET', '/api/capabilities')
    expect([capabilities.status, capabilities.json]).toEqual([200, { lark_cli_init_image: false, lark_cli_broker_image: false }])
  })

  it('takes the key in the ways in which clients can send it, and answers a bare word without a right one', async () => {
    const ask = (headers: Record<string, string>) => send(house.port, 'GET', '/api/sandboxes', headers)
    const token = house.token('alpha')
    const basic = `Basic ${Buffer.from(`x:${token}`).toString('base64')}`
    for (const headers of [
      { 'x-api-key': token },
      { authorization: basic },
      { authorization: basic, 'x-api-key': token },
      { authorization: `Bearer ${token}` },
    ]) {
      expect((await ask(headers)).json).toEqual({ sandboxes: [], count: 0 })
    }
    const wrong = [{}, { 'x-api-key': 'e2b_wrong' }, { authorization: `Basic ${Buffer.from('x:wrong').toString('base64')}` }]
    for (const headers of wrong) {
      const { status, text } = await ask(headers)
      expect([status, text]).toEqual([401, 'Unauthorized'])
    }
    expect((await send(house.port, 'POST', '/api/sandboxes', {}, { sandbox_id: 'a', thread_id: 'a' })).status).toBe(401)
    // Once a minute at most, however often it is asked.
    expect(house.published.filter(({ type }) => type === 'provisioner.refused')).toHaveLength(1)
  })

  it("serves the seed's whole life of a sandbox, each call a new connection", async () => {
    expect(await house.ask('alpha', 'GET', `/api/sandboxes/${seedId}`)).toMatchObject({ status: 404, json: { detail: `Sandbox '${seedId}' not found` } })
    const made = await house.ask('alpha', 'POST', '/api/sandboxes', { sandbox_id: seedId, thread_id: 'wire' })
    expect([made.status, made.json]).toEqual([200, { sandbox_id: seedId, sandbox_url: expect.stringMatching(/^http:.*[^/]$/), status: 'Running' }])
    expect(made.headers['content-type']).toMatch(/^application\/json/)
    const again = await house.ask('alpha', 'POST', '/api/sandboxes', { sandbox_id: seedId, thread_id: 'wire' })
    expect(again.json).toEqual(made.json)
    expect(await house.containers()).toHaveLength(1)
    expect(await house.ask('alpha', 'GET', `/api/sandboxes/${seedId}`)).toMatchObject({ status: 200, json: made.json })
    expect((await house.ask('alpha', 'GET', '/api/sandboxes')).json).toEqual({ sandboxes: [made.json], count: 1 })
    const { sandbox_url } = made.json as { sandbox_url: string }
    expect(await house.within(sandbox_url, '/v1/sandbox')).toMatchObject({ home_dir: expect.any(String) })
    for (let twice = 0; twice < 2; twice += 1) {
      const gone = await house.ask('alpha', 'DELETE', `/api/sandboxes/${seedId}`)
      expect([gone.status, gone.json]).toEqual([200, { ok: true, sandbox_id: seedId }])
      expect(await house.containers()).toEqual([])
    }
    expect((await house.ask('alpha', 'GET', `/api/sandboxes/${seedId}`)).status).toBe(404)
    expect((await house.ask('alpha', 'GET', '/api/sandboxes')).json).toEqual({ sandboxes: [], count: 0 })
  })

  it("mounts HEAD's six, the writable one within the read-only one, and passes over what is not there", async () => {
    const deer = join(house.home, 'deer')
    const lark = join(deer, 'users/default/integrations/lark-cli')
    const acp = join(deer, 'users/default/threads/wire/acp-workspace')
    const skills = join(deer, 'users/default/skills')
    for (const dir of [`${lark}/config/locks`, `${lark}/data`, acp, `${skills}/custom`]) await mkdir(dir, { recursive: true })
    await writeFile(join(acp, 'note'), 'from deer-flow')
    const mounts = [
      [acp, '/mnt/acp-workspace', true],
      [`${skills}/custom`, '/mnt/skills/custom', true],
      [`${skills}/integrations`, '/mnt/skills/integrations', true],
      [`${lark}/config`, '/mnt/integrations/lark-cli/config', true],
      [`${lark}/config/locks`, '/mnt/integrations/lark-cli/config/locks', false],
      [`${lark}/data`, '/mnt/integrations/lark-cli/data', false],
    ].map(([host_path, container_path, read_only]) => ({ host_path, container_path, read_only }))
    const body = {
      sandbox_id: headId,
      thread_id: 'wire',
      user_id: 'default',
      include_legacy_skills: true,
      provision_lark_cli_runtime: false,
      provision_lark_cli_broker: false,
      extra_mounts: mounts,
    }
    const made = await house.ask('alpha', 'POST', '/api/sandboxes', body)
    expect([made.status, made.json]).toEqual([200, { sandbox_id: headId, sandbox_url: expect.any(String), status: 'Running' }])
    const run = async (command: string) => (await house.call('other', 'exec', { id: headId, command })) as { stdout: string; exit_code: number | null }
    expect((await run('cat /mnt/acp-workspace/note')).stdout).toBe('from deer-flow')
    expect((await run('touch /mnt/integrations/lark-cli/config/x')).exit_code).not.toBe(0)
    expect((await run('echo 1 > /mnt/integrations/lark-cli/config/locks/l && echo 2 > /mnt/integrations/lark-cli/data/d')).exit_code).toBe(0)
    expect(await readFile(`${lark}/config/locks/l`, 'utf8')).toBe('1\n')
    expect((await run('ls -d /mnt/skills/integrations')).exit_code).not.toBe(0)
    expect(house.published.find(({ type }) => type === 'provisioner.warnings')?.text).toContain(`${skills}/integrations does not exist`)
    const info = await house.docker.getContainer((await house.containers())[0] ?? '').inspect()
    expect(
      info.Mounts.filter(({ RW }) => RW)
        .map(({ Destination }) => Destination)
        .sort(),
    ).toEqual(['/mnt/integrations/lark-cli/config/locks', '/mnt/integrations/lark-cli/data', '/mnt/user-data'])
    await house.ask('alpha', 'DELETE', `/api/sandboxes/${headId}`)
  })

  it('refuses what does not fit with the code and the form that clients of FastAPI read', async () => {
    const post = async (body: unknown) => {
      const { status, json } = await house.ask('alpha', 'POST', '/api/sandboxes', body)
      return { status, detail: (json as { detail: unknown }).detail }
    }
    expect(await post({ thread_id: 't' })).toEqual({
      status: 422,
      detail: [{ type: 'missing', loc: ['body', 'sandbox_id'], msg: 'Field required', input: { thread_id: 't' } }],
    })
    for (const bad of [
      '{',
      '',
      '[]',
      { sandbox_id: 'a/../b', thread_id: 't' },
      { sandbox_id: 'a', thread_id: 'a/b' },
      { sandbox_id: 'a', thread_id: 7 },
      { sandbox_id: 'a', thread_id: 't', user_id: '..' },
    ]) {
      expect(await post(bad), JSON.stringify(bad)).toEqual({
        status: 422,
        detail: [expect.objectContaining({ loc: expect.arrayContaining(['body']), msg: expect.any(String), type: expect.any(String) })],
      })
    }
    const form = await send(house.port, 'POST', '/api/sandboxes', { 'x-api-key': house.token('alpha'), 'content-type': 'text/plain' }, '{"sandbox_id":"a"}')
    expect([form.status, form.json]).toEqual([422, { detail: [expect.objectContaining({ loc: ['body', 0] })] }])
    const mount = (host_path: string, container_path = '/mnt/acp-workspace') => ({ host_path, container_path, read_only: true })
    const withMounts = (...extra_mounts: object[]) => post({ sandbox_id: 'm1', thread_id: 'm1', extra_mounts })
    expect(await withMounts(mount('/etc'))).toEqual({ status: 400, detail: expect.stringMatching(/\/etc.*deer_flow\.home/) })
    expect(await withMounts(mount('/x', '/etc/passwd'))).toEqual({ status: 400, detail: expect.stringContaining('/etc/passwd') })
    expect(await withMounts(mount('/x'), mount('/y'))).toEqual({ status: 400, detail: expect.stringContaining('/mnt/acp-workspace') })
    expect((await withMounts(...Array.from({ length: 11 }, () => mount('/x')))).status).toBe(422)
    const put = await house.ask('alpha', 'PUT', '/api/sandboxes/x')
    expect([put.status, put.headers['allow']]).toEqual([405, 'GET, DELETE'])
    expect((await house.ask('alpha', 'DELETE', '/api/sandboxes')).headers['allow']).toBe('GET, POST')
    expect(await house.ask('alpha', 'GET', '/api/sandboxes/a/b')).toMatchObject({ status: 404, json: { detail: expect.any(String) } })
    expect((await house.ask('alpha', 'POST', '/api/sandboxes', `{"sandbox_id":"${'a'.repeat(38_000_000)}"}`)).status).toBe(413)
    expect(await house.containers()).toEqual([])
  })

  it('says 500 where trying again would not help, and lets the id mean something else then', async () => {
    await mkdir(join(house.home, 'users/default/threads'), { recursive: true })
    await writeFile(join(house.home, 'users/default/threads/blocked'), 'a file where a directory should be')
    const failed = await house.ask('alpha', 'POST', '/api/sandboxes', { sandbox_id: 'blocked', thread_id: 'blocked' })
    expect([failed.status, failed.json]).toEqual([500, { detail: expect.stringContaining('threads/blocked') }])
    expect((await house.ask('alpha', 'GET', '/api/sandboxes/blocked')).status).toBe(404)
    expect((await house.ask('alpha', 'POST', '/api/sandboxes', { sandbox_id: 'blocked', thread_id: 'free' })).status).toBe(200)
    await house.ask('alpha', 'DELETE', '/api/sandboxes/blocked')
  })

  it('refuses an id that means another thread already, the 32 bits at which two real ones collide included', async () => {
    const [, colliding = ''] = deerFlowIds('user-9721', 'thread-9721')
    const one = { sandbox_id: colliding, thread_id: 'thread-9721', user_id: 'user-9721' }
    const other = { sandbox_id: colliding, thread_id: 'thread-94361', user_id: 'user-94361' }
    // At the same moment: one of them has it, and never both.
    const both = await Promise.all([one, other].map((body) => house.ask('alpha', 'POST', '/api/sandboxes', body)))
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409])
    const [refused] = both.flatMap(({ status }, at) => (status === 409 ? [[one, other][at]] : []))
    expect(both.find(({ status }) => status === 409)?.json).toEqual({ detail: expect.stringContaining(colliding) })
    expect(await house.containers()).toHaveLength(1)
    // Still after its end, and of another client no business.
    await house.ask('alpha', 'DELETE', `/api/sandboxes/${colliding}`)
    expect((await house.ask('alpha', 'POST', '/api/sandboxes', refused)).status).toBe(409)
    expect((await house.ask('beta', 'POST', '/api/sandboxes', other)).status).toBe(200)
    // Berth's own name of another thread's sandbox.
    const [own = ''] = deerFlowIds('user-94361', 'thread-94361')
    expect((await house.ask('alpha', 'POST', '/api/sandboxes', { sandbox_id: own, thread_id: 'mine' })).status).toBe(409)
    await house.ask('beta', 'DELETE', `/api/sandboxes/${colliding}`)
    expect(await house.containers()).toEqual([])
  })
})

needs('docker', 'lite-image').describe('a whole engine', () => {
  it("speaks the dialect with the home's token", async () => {
    const house = await openHouse()
    try {
      const key = { 'x-api-key': (await readFile(join(house.home, 'token'), 'utf8')).trim() }
      const { port } = house.engine
      const made = await send(port, 'POST', '/api/sandboxes', key, { sandbox_id: seedId, thread_id: 'wire' })
      expect([made.status, made.json]).toEqual([200, { sandbox_id: seedId, sandbox_url: expect.any(String), status: 'Running' }])
      const { holders } = await house.engine.call('get', { thread: 'wire' })
      expect(holders).toMatchObject([{ holder: 'provisioner:master' }])
      expect((await send(port, 'DELETE', `/api/sandboxes/${seedId}`, key)).json).toEqual({ ok: true, sandbox_id: seedId })
      expect(await house.containers()).toEqual([])
    } finally {
      await house.close()
    }
  })
})
