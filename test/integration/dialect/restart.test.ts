import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Backend } from '../../../main/backends/backend.ts'
import { deerFlowIds } from '../../../main/house/home/generations.ts'
import { openDialectHouse } from '../../support/dialect-house.ts'
import { needs } from '../../support/parts.ts'
import { eventually } from '../../support/wait.ts'

const [headId = '', , seedId = ''] = deerFlowIds('default', 'again')

needs('docker', 'lite-image').describe('a restart under a client of the dialect', () => {
  it('changes nothing for it, and until all is seen again nothing is said to be gone', async () => {
    let house = await openDialectHouse({ config: 'on_exit: keep' })
    try {
      const made = await house.ask('alpha', 'POST', '/api/sandboxes', { sandbox_id: seedId, thread_id: 'again' })
      const nameless = await house.ask('alpha', 'POST', '/api/sandboxes', { sandbox_id: 'nameless', thread_id: null })
      const before = await house.containers()
      let see: () => void = () => undefined
      const seen = new Promise<void>((resolve) => {
        see = resolve
      })
      const decorate = (backend: Backend): Backend => ({
        ...backend,
        async list() {
          await seen
          return await backend.list()
        },
      })
      house = await house.reopen({ decorate, times: { get: 700 } })
      for (const [method, path] of [
        ['GET', `/api/sandboxes/${seedId}`],
        ['GET', '/api/sandboxes'],
        ['GET', '/api/sandboxes/never'],
        ['DELETE', `/api/sandboxes/${seedId}`],
      ]) {
        const { status, json } = await house.ask('alpha', method ?? '', path ?? '')
        expect([status, json], `${method} ${path}`).toEqual([503, { detail: expect.any(String) }])
      }
      expect(await house.containers()).toEqual(before)
      see()
      const found = await eventually('it is found again', async () => {
        const answer = await house.ask('alpha', 'GET', `/api/sandboxes/${seedId}`)
        return answer.status === 503 ? undefined : answer
      })
      expect([found.status, found.json]).toEqual([200, made.json])
      expect((await house.ask('alpha', 'GET', '/api/sandboxes/nameless')).json).toEqual(nameless.json)
      expect((await house.ask('alpha', 'GET', '/api/sandboxes')).json).toMatchObject({ count: 2 })
      expect((await house.ask('beta', 'GET', `/api/sandboxes/${seedId}`)).status).toBe(404)
      expect(await house.containers()).toEqual(before)
      const { holders } = await house.call('op', 'get', { thread: 'again' })
      expect(holders).toMatchObject([{ holder: 'provisioner:alpha' }])
      await house.ask('alpha', 'DELETE', `/api/sandboxes/${seedId}`)
      await house.ask('alpha', 'DELETE', '/api/sandboxes/nameless')
      expect(await house.containers()).toEqual([])
    } finally {
      await house.close()
    }
  })

  it('knows a lost id again by its form, where the client still holds the sandbox', async () => {
    let house = await openDialectHouse({ config: 'on_exit: keep' })
    try {
      const made = await house.ask('alpha', 'POST', '/api/sandboxes', { sandbox_id: seedId, thread_id: 'again' })
      expect(JSON.parse(await readFile(join(house.home, 'aliases/alpha', seedId), 'utf8'))).toMatchObject({
        client: 'alpha',
        id: seedId,
        user: 'default',
        thread: 'again',
        ended: false,
      })
      await rm(join(house.home, 'aliases'), { recursive: true })
      house = await house.reopen()
      expect((await house.ask('beta', 'GET', `/api/sandboxes/${seedId}`)).status).toBe(404)
      const url = (made.json as { sandbox_url: string }).sandbox_url
      for (const id of [seedId, headId]) {
        const found = await eventually('it is found again', async () => {
          const answer = await house.ask('alpha', 'GET', `/api/sandboxes/${id}`)
          // Who holds it is known only once it was found to be alive.
          return answer.status === 200 ? answer : undefined
        })
        expect(found.json).toEqual({ sandbox_id: id, sandbox_url: url, status: 'Running' })
      }
    } finally {
      await house.close()
    }
  })

  it('leaves a hold provisional that nobody had come for', async () => {
    let house = await openDialectHouse({ config: 'on_exit: keep', times: { provisional: 2500 } })
    try {
      await house.ask('alpha', 'POST', '/api/sandboxes', { sandbox_id: seedId, thread_id: 'again' })
      house = await house.reopen()
      await eventually('it is held again', async () => (await house.call('op', 'list', { status: 'active' })).sandboxes.length === 1)
      await eventually('the hold is over', async () => (await house.call('op', 'list', { status: 'warm' })).sandboxes.length === 1)
    } finally {
      await house.close()
    }
  })
})

needs('docker', 'lite-image').describe("a home that is deer-flow's as well", () => {
  it('has the threads where deer-flow of either age has them', async () => {
    const house = await openDialectHouse({
      files: {
        'threads/old/user-data/uploads/note': 'of the seed',
        'users/alice/threads/new/user-data/uploads/note': 'of today',
        'users/alice/threads/new/acp-workspace/plan': 'a plan',
      },
      config: 'deer_flow: { home: "$HOME" }',
    })
    try {
      const run = async (body: object, command: string) => {
        const made = await house.ask('alpha', 'POST', '/api/sandboxes', body)
        expect(made.status, made.text).toBe(200)
        return await house.within((made.json as { sandbox_url: string }).sandbox_url, '/v1/bash/exec', { command })
      }
      const acp = join(house.home, 'users/alice/threads/new/acp-workspace')
      const old = await run({ sandbox_id: 'a', thread_id: 'old' }, 'cat /mnt/user-data/uploads/note; echo made > /mnt/user-data/outputs/made')
      expect(old).toMatchObject({ data: { stdout: expect.stringContaining('of the seed') } })
      expect(await readFile(join(house.home, 'threads/old/user-data/outputs/made'), 'utf8')).toBe('made\n')
      const current = await run(
        { sandbox_id: 'b', thread_id: 'new', user_id: 'alice', extra_mounts: [{ host_path: acp, container_path: '/mnt/acp-workspace', read_only: true }] },
        'cat /mnt/user-data/uploads/note /mnt/acp-workspace/plan; echo made > /mnt/user-data/outputs/made',
      )
      expect(current).toMatchObject({ data: { stdout: expect.stringContaining('of todaya plan') } })
      expect(await readFile(join(house.home, 'users/alice/threads/new/user-data/outputs/made'), 'utf8')).toBe('made\n')
    } finally {
      await house.close()
    }
  })
})
