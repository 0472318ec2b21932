import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Backend } from '../../../main/backends/backend.ts'
import { containerId, deerFlowIds } from '../../../main/house/home/generations.ts'
import type { Sandbox } from '../../../shared/sandbox.ts'
import { openDialectHouse, type Answer, type DialectHouse, type DialectOptions } from '../../support/dialect-house.ts'
import { needs } from '../../support/parts.ts'
import { eventually } from '../../support/wait.ts'

const urlOf = (answer: Answer) => (answer.json as { sandbox_url: string }).sandbox_url
const idsOf = (answer: Answer) => (answer.json as { sandboxes: { sandbox_id: string }[] }).sandboxes.map(({ sandbox_id }) => sandbox_id)

function verbs(house: () => DialectHouse) {
  const post = (client: string, id: string, thread: string | null, more: object = {}, signal?: AbortSignal) =>
    house().ask(client, 'POST', '/api/sandboxes', { sandbox_id: id, thread_id: thread, ...more }, signal)
  const get = (client: string, id: string) => house().ask(client, 'GET', `/api/sandboxes/${id}`)
  const remove = (client: string, id: string) => house().ask(client, 'DELETE', `/api/sandboxes/${id}`)
  const list = (client: string) => house().ask(client, 'GET', '/api/sandboxes')
  const seen = async (thread: string): Promise<Sandbox | undefined> => (await house().call('anyone', 'list', {})).sandboxes.find((it) => it.thread === thread)
  const holders = async (thread: string) => (await seen(thread))?.holders.map(({ holder }) => holder)
  return { post, get, remove, list, seen, holders }
}

async function inHouse(options: DialectOptions, work: (house: DialectHouse) => Promise<void>): Promise<void> {
  const house = await openDialectHouse(options)
  try {
    await work(house)
  } finally {
    await house.close()
  }
}

needs('docker', 'lite-image').describe('holds of clients that only create and delete', () => {
  let house: DialectHouse
  beforeAll(async () => {
    house = await openDialectHouse({ sandbox: { replicas: 10, stop_grace: 1 } })
  })
  afterAll(() => house.close())
  const { post, get, remove, list, seen, holders } = verbs(() => house)

  it('lists to each client what that client made, and nothing else', async () => {
    await Promise.all([post('alpha', 'one', 'list-1'), post('beta', 'two', 'list-2'), house.call('mcp', 'acquire', { thread: 'list-3' })])
    expect([idsOf(await list('alpha')), idsOf(await list('beta'))]).toEqual([['one'], ['two']])
    // What deer-flow does with its list: adopt all, and delete all of it at its end.
    for (const id of ['one', 'two', containerId('default', 'list-3')]) expect((await remove('alpha', id)).status).toBe(200)
    expect([await seen('list-1'), (await seen('list-2'))?.status, (await seen('list-3'))?.status]).toEqual([undefined, 'active', 'active'])
    expect((await get('alpha', 'two')).status).toBe(404)
    // Made by somebody else later, so not in the list of whoever once had this thread.
    await remove('beta', 'two')
    await post('beta', 'two', 'list-2')
    await house.call('op', 'destroy', { thread: 'list-2' })
    await house.call('mcp', 'acquire', { thread: 'list-2' })
    expect(idsOf(await list('beta'))).toEqual([])
  })

  it('keeps a sandbox that another client holds, and ends only the hold of the one who deletes', async () => {
    await post('alpha', 'shared-a', 'shared')
    const both = await post('beta', 'shared-b', 'shared')
    expect(await holders('shared')).toEqual(['provisioner:alpha', 'provisioner:beta'])
    expect((await remove('alpha', 'shared-a')).json).toEqual({ ok: true, sandbox_id: 'shared-a' })
    expect(await holders('shared')).toEqual(['provisioner:beta'])
    expect((await get('alpha', 'shared-a')).status).toBe(404)
    expect((await get('beta', 'shared-b')).json).toEqual(both.json)
    // No hold of alpha's is left that a second delete could end.
    await remove('alpha', 'shared-a')
    expect((await seen('shared'))?.status).toBe('active')
    await remove('beta', 'shared-b')
    expect(await seen('shared')).toBeUndefined()
  })

  it('ends no sandbox in which a command runs, by whatever way it was started', async () => {
    const url = urlOf(await post('alpha', 'busy', 'busy'))
    const running = house.within(url, '/v1/bash/exec', { command: 'sleep 3; echo done' })
    await eventually('the command runs', async () => ((await house.within(url, '/healthz'))['running'] as number) > 0)
    expect((await remove('alpha', 'busy')).status).toBe(200)
    expect(await holders('busy')).toEqual([])
    expect(await running).toMatchObject({ data: { stdout: expect.stringContaining('done') } })
    expect((await seen('busy'))?.status).toBe('warm')
    // Deleted it is, as far as this client goes; it can have it again.
    expect((await get('alpha', 'busy')).status).toBe(404)
    expect(urlOf(await post('alpha', 'busy', 'busy'))).toBe(url)
    await remove('alpha', 'busy')
    expect(await seen('busy')).toBeUndefined()
  })

  it('lets a client whose hold has ended delete what it made, but not what another holds by now', async () => {
    await post('alpha', 'ended', 'ended')
    await house.call('op', 'release', { thread: 'ended', holder: 'provisioner:alpha' })
    expect((await seen('ended'))?.status).toBe('warm')
    expect(idsOf(await list('alpha'))).toEqual(['ended'])
    await house.call('mcp', 'acquire', { thread: 'ended' })
    await remove('alpha', 'ended')
    expect(await holders('ended')).toEqual(['mcp'])
    await post('alpha', 'ended', 'ended')
    await house.call('op', 'release', { thread: 'ended', holder: 'provisioner:alpha' })
    await house.call('mcp', 'release', { thread: 'ended' })
    await remove('alpha', 'ended')
    expect(await seen('ended')).toBeUndefined()
  })

  it('makes one sandbox of two ids of a thread; the last id out ends it', async () => {
    const [head = '', , seed = ''] = deerFlowIds('default', 'twice')
    const [one, two] = await Promise.all([post('alpha', seed, 'twice'), post('alpha', head, 'twice', { user_id: 'default' })])
    expect(urlOf(one)).toBe(urlOf(two))
    const listed = idsOf(await list('alpha'))
    expect(listed).toHaveLength(1)
    await remove('alpha', seed)
    expect((await get('alpha', head)).json).toEqual(two.json)
    expect(idsOf(await list('alpha'))).toEqual([head])
    await remove('alpha', head)
    expect(await seen('twice')).toBeUndefined()
  })

  it('gives an anonymous client a sandbox under its id, and nothing of it to the next', async () => {
    const first = await post('alpha', 'nameless', null)
    expect((await post('alpha', 'nameless', null, { user_id: 'default' })).json).toEqual(first.json)
    const other = await post('beta', 'nameless', null)
    expect(urlOf(other)).not.toBe(urlOf(first))
    await house.within(urlOf(first), '/v1/file/write', { file: '/mnt/user-data/workspace/secret', content: 'x' })
    expect(await readdir(join(house.home, 'anonymous'))).toHaveLength(2)
    expect((await get('alpha', 'nameless')).json).toEqual(first.json)
    await remove('alpha', 'nameless')
    expect((await get('alpha', 'nameless')).status).toBe(404)
    await eventually('its files are gone', async () => (await readdir(join(house.home, 'anonymous'))).length === 1)
    expect(await readdir(join(house.home, 'aliases', 'alpha'))).not.toContain('nameless')
    const again = await post('alpha', 'nameless', null)
    expect((await house.within(urlOf(again), '/v1/file/list', { path: '/mnt/user-data/workspace' })) as object).toMatchObject({ data: { files: [] } })
    await Promise.all([remove('alpha', 'nameless'), remove('beta', 'nameless')])
  })

  it('says of a sandbox that died what makes the client create it again', async () => {
    await post('alpha', 'dead', 'dead')
    await house.docker.getContainer(`${house.prefix}-${containerId('default', 'dead')}`).kill()
    await eventually('it is said to be gone', async () => (await get('alpha', 'dead')).status === 404)
    expect((await remove('alpha', 'dead')).status).toBe(200)
    const made = await post('alpha', 'dead', 'dead')
    expect(made.json).toMatchObject({ status: 'Running' })
    expect(await house.within(urlOf(made), '/v1/sandbox')).toMatchObject({ home_dir: expect.any(String) })
    await remove('alpha', 'dead')
  })
})

needs('docker', 'lite-image').describe('clients that vanish, and waits that end', () => {
  it('drops the hold of a client that never came for its sandbox, which then is reaped', () =>
    inHouse({ times: { provisional: 1500 }, sandbox: { idle_timeout: 4 } }, async (house) => {
      const { post, seen } = verbs(() => house)
      await post('alpha', 'gone', 'gone')
      expect((await seen('gone'))?.status).toBe('active')
      await eventually('its hold is over', async () => (await seen('gone'))?.status === 'warm')
      await eventually('nothing is left of it', async () => (await house.containers()).length === 0)
      await post('alpha', 'nameless', null)
      await eventually('an anonymous one goes at once', async () => (await house.containers()).length === 0, { within: 15_000 })
    }))

  it('keeps the hold of one that asked for it, or that worked in it by its address', () =>
    inHouse({ times: { provisional: 1500 } }, async (house) => {
      const { post, get, seen, holders } = verbs(() => house)
      const [, worked] = await Promise.all([post('alpha', 'asked', 'asked'), post('alpha', 'worked', 'worked'), post('alpha', 'left', 'left')])
      await get('alpha', 'asked')
      await house.within(urlOf(worked as Answer), '/v1/bash/exec', { command: 'true' })
      // One more create of the same client makes its hold no weaker.
      await post('alpha', 'asked', 'asked')
      await eventually('the third one is given up', async () => (await seen('left'))?.status === 'warm')
      await eventually('the others were asked', async () => (await seen('worked'))?.status === 'active')
      expect([await holders('asked'), await holders('worked')]).toEqual([['provisioner:alpha'], ['provisioner:alpha']])
    }))

  it('waits in a queue until its time is up, or until its client is gone', () =>
    inHouse({ times: { create: 1500 }, sandbox: { replicas: 1 }, config: 'capacity: { mode: queue, acquire_timeout: 600 }' }, async (house) => {
      const { post, get, list } = verbs(() => house)
      await house.call('mcp', 'acquire', { thread: 'first' })
      const late = await post('beta', 'second', 'second')
      expect([late.status, late.json]).toEqual([503, { detail: expect.stringContaining('1.5 s') }])
      expect(idsOf(await list('beta'))).toEqual([])
      expect((await get('beta', 'second')).status).toBe(404)
      const gone = new AbortController()
      const third = post('beta', 'third', 'third', {}, gone.signal)
      setTimeout(() => gone.abort(), 300)
      await expect(third).rejects.toThrow()
      await house.call('mcp', 'destroy', { thread: 'first' })
      // Their places in the queue are given up: the next one is served, and nobody else was.
      await house.call('mcp', 'acquire', { thread: 'fourth' })
      expect(await house.containers()).toEqual([`${house.prefix}-${containerId('default', 'fourth')}`])
    }))

  it('makes what takes longer than a client waits all the same, in its turn: the create that is repeated gets it', async () => {
    let asked = 0
    const go = Promise.withResolvers<void>()
    const decorate = (backend: Backend): Backend => ({
      ...backend,
      async create(spec, signal) {
        asked += 1
        await go.promise
        return await backend.create(spec, signal)
      },
    })
    await inHouse({ times: { create: 1500 }, decorate }, async (house) => {
      const { post, seen } = verbs(() => house)
      const early = await post('alpha', 'slow', 'slow')
      expect([early.status, early.json]).toEqual([503, { detail: expect.stringContaining('is being made') }])
      go.resolve()
      await eventually('it is there, though its client has left', async () => (await seen('slow'))?.status === 'active')
      expect((await post('alpha', 'slow', 'slow')).json).toMatchObject({ status: 'Running' })
      expect(asked).toBe(1)
    })
  })

  it('tells the address of one that boots for longer than a client waits', async () => {
    let thaw: () => Promise<void> = () => Promise.resolve()
    const decorate = (backend: Backend): Backend => ({
      ...backend,
      async create(spec, signal) {
        const found = await backend.create(spec, signal)
        await backend.pause(found.ref)
        thaw = () => backend.unpause(found.ref)
        return found
      },
    })
    await inHouse({ times: { create: 20_000, get: 1000 }, decorate }, async (house) => {
      const { post, get, remove, seen } = verbs(() => house)
      const slow = await post('alpha', 'slow', 'slow')
      expect([slow.status, slow.json]).toEqual([200, { sandbox_id: 'slow', sandbox_url: expect.any(String), status: 'Pending' }])
      // Not yet known to live: neither `Running` nor dead.
      expect((await get('alpha', 'slow')).status).toBe(503)
      expect((await remove('alpha', 'slow')).status).toBe(503)
      await thaw()
      await eventually('it is ready', async () => (await seen('slow'))?.status === 'active')
      expect((await get('alpha', 'slow')).json).toEqual({ ...(slow.json as object), status: 'Running' })
    })
  })

  it('replaces a warm sandbox that has other extra mounts, and leaves an active one as it is', () =>
    inHouse({ config: 'deer_flow: { home: "$HOME/deer" }' }, async (house) => {
      const { post, seen } = verbs(() => house)
      const acp = join(house.home, 'deer/users/default/threads/mounts/acp-workspace')
      await mkdir(acp, { recursive: true })
      const extra_mounts = [{ host_path: acp, container_path: '/mnt/acp-workspace', read_only: true }]
      await post('alpha', 'm', 'mounts')
      const plain = (await seen('mounts'))?.container
      await post('alpha', 'm', 'mounts', { extra_mounts })
      expect((await seen('mounts'))?.container).toBe(plain)
      await house.call('op', 'release', { thread: 'mounts', holder: 'provisioner:alpha' })
      await post('alpha', 'm', 'mounts', { extra_mounts })
      const mounted = (await seen('mounts'))?.container
      expect(mounted).not.toBe(plain)
      await house.call('op', 'release', { thread: 'mounts', holder: 'provisioner:alpha' })
      // The same ones, and whoever says nothing of mounts: as it is.
      await post('alpha', 'm', 'mounts', { extra_mounts })
      await house.call('op', 'release', { thread: 'mounts', holder: 'provisioner:alpha' })
      await post('alpha', 'm', 'mounts')
      expect((await seen('mounts'))?.container).toBe(mounted)
    }))
})
