import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Backend } from '../../../main/backends/backend.ts'
import { homePaths } from '../../../main/house/home/paths.ts'
import { openHouse, type House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { viewTerminal } from '../../support/terminal-viewer.ts'
import { eventually } from '../../support/wait.ts'
import { overHttp } from '../mcp/clients.ts'

const workspace = '/mnt/user-data/workspace'

for (const backend of ['docker', 'embedded'] as const) {
  needs(...(backend === 'docker' ? (['docker', 'lite-image'] as const) : (['bubblewrap'] as const))).describe(`however a sandbox is born, ${backend}`, () => {
    let house: House
    let engine: Backend
    const thread = 'born'
    const acquire = () => house.engine.call('acquire', { thread })
    const destroy = () => house.engine.call('destroy', { thread })

    beforeAll(async () => {
      house = await openHouse({ backend, spares: 1, config: 'on_exit: keep', decorate: (opened) => (engine = opened) })
    })
    afterAll(() => house?.close())

    /** What each door says of where it is, without being told where to go. */
    async function everyDoorStartsInTheWorkspace(): Promise<void> {
      const { url } = await acquire()
      const post = async (path: string): Promise<unknown> => {
        const answer = await fetch(`${url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ command: 'pwd' }),
        })
        return ((await answer.json()) as { data: Record<string, unknown> }).data
      }
      const mcp = await overHttp('2026', `${house.engine.url}/mcp`, (await readFile(homePaths(house.home).token, 'utf8')).trim())
      const screen = await house.engine.endpoint('desktop')
      try {
        expect((await house.engine.call('exec', { thread, command: 'pwd' })).stdout).toBe(`${workspace}\n`)
        expect(await post('/v1/shell/exec')).toMatchObject({ output: `${workspace}\n` })
        expect(await post('/v1/bash/exec')).toMatchObject({ stdout: `${workspace}\n` })
        expect((await mcp.call('command_run', { thread, command: 'pwd' })).data).toMatchObject({ stdout: `${workspace}\n` })
        const { id } = await screen.call('terminal_open', { thread, cols: 120, rows: 30 })
        const view = viewTerminal(screen, id)
        await view.shows(/[$#] $/)
        view.type('pwd -P\r')
        await view.shows(`${workspace}\r\n`)
        await screen.call('terminal_close', { terminal: id })
      } finally {
        screen.close()
        await mcp.end()
      }
    }
    /** What was written before is there, and what is written now will be. */
    async function filesStay(before: string): Promise<void> {
      if (before !== '') expect((await house.engine.call('exec', { thread, command: 'cat f' })).stdout).toBe(`${before}\n`)
      await house.engine.call('exec', { thread, command: 'echo x > f' })
    }

    it('from a slot', async () => {
      await eventually('a spare is ready', async () => (await house.engine.call('status', {})).slots.ready > 0, { within: 60_000 })
      expect(await acquire()).toMatchObject({ path: 'slot' })
      await everyDoorStartsInTheWorkspace()
      await filesStay('')
      await destroy()
    })

    it('cold', async () => {
      house = await house.reopen({ configure: (await readFile(homePaths(house.home).config, 'utf8')).replace('spares: 1', 'spares: 0') })
      expect(await acquire()).toMatchObject({ path: 'cold' })
      await everyDoorStartsInTheWorkspace()
      await filesStay('x')
    })

    it('adopted by the next Berth', async () => {
      const { name } = await acquire()
      house = await house.reopen()
      expect(await acquire()).toMatchObject({ path: backend === 'docker' ? 'found' : 'cold', name })
      await everyDoorStartsInTheWorkspace()
      await filesStay('x')
    })

    it('in place of one that ended', async () => {
      const { id } = await acquire()
      const [it_] = await engine.list()
      if (backend === 'docker') await house.docker.getContainer(it_?.ref ?? '').kill()
      // The reference begins with the pid of bubblewrap.
      else process.kill(Number.parseInt(it_?.ref ?? '', 10), 'SIGKILL')
      // Its end is heard of a moment later.
      const next = await eventually('another is made', async () => [await acquire()].find(({ path }) => path === 'cold'))
      expect(next.id).toBe(id)
      await everyDoorStartsInTheWorkspace()
      await filesStay('x')
    })
  })
}
