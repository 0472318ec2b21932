import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Backend, Found } from '../../../main/backends/backend.ts'
import { openHouse } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { viewTerminal } from '../../support/terminal-viewer.ts'
import { eventually } from '../../support/wait.ts'

/** Stands between the engine and its sandboxes, and can be cut. */
function cuttable() {
  const open = new Set<Socket>()
  const doors = new Map<string, Promise<string>>()
  let shut = false
  async function door(url: string): Promise<string> {
    const to = new URL(url)
    const server = createServer((near) => {
      if (shut) return void near.destroy()
      const far = connect(Number(to.port), to.hostname)
      for (const [one, two] of [
        [near, far],
        [far, near],
      ] as const) {
        open.add(one)
        one.pipe(two)
        one
          .on('error', () => two.destroy())
          .on('close', () => {
            open.delete(one)
            two.destroy()
          })
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    server.unref()
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const via = async <F extends Found | null>(found: F): Promise<F> => {
    if (found === null || found.url === null) return found
    const made = doors.get(found.url) ?? door(found.url)
    doors.set(found.url, made)
    return { ...found, url: await made }
  }
  return {
    decorate: (backend: Backend): Backend => ({
      ...backend,
      create: async (spec, signal) => await via(await backend.create(spec, signal)),
      inspect: async (name) => await via(await backend.inspect(name)),
      list: async () => await Promise.all((await backend.list()).map(via)),
    }),
    cut: (on: boolean) => {
      shut = on
      if (on) for (const socket of open) socket.destroy()
    },
  }
}

needs('bubblewrap').describe('the life of a terminal', () => {
  it('survives a broken connection: the same shell goes on, nothing is told twice, no key typed meanwhile is lost', async () => {
    const wire = cuttable()
    const house = await openHouse({ backend: 'embedded', decorate: wire.decorate })
    try {
      await house.engine.call('acquire', { thread: 'cut' })
      const screen = await house.engine.endpoint('desktop')
      const { id } = await screen.call('terminal_open', { thread: 'cut' })
      const view = viewTerminal(screen, id)
      await view.shows(/[$#] $/)
      view.type('KEPT=yes; echo before-$((1)); (sleep 1; echo mean-$((2))-while) &\r')
      await view.shows('before-1\r\n')
      wire.cut(true)
      // Long enough to have noticed: what was on its way into the cut itself is lost, and sent twice it might do harm.
      await sleep(300)
      view.type('echo after-$((3))-$KEPT\r')
      await sleep(1200)
      expect(view.text()).not.toContain('mean-2-while')
      wire.cut(false)
      const text = await view.shows('after-3-yes\r\n')
      expect(text).toContain('mean-2-while')
      expect(text.split('before-1\r\n')).toHaveLength(2)
      expect(view.seen.some((event) => event.type === 'end')).toBe(false)
    } finally {
      await house.close()
    }
  })

  it('keeps its sandbox while somebody types, and not one that is merely open', async () => {
    const house = await openHouse({ backend: 'embedded', config: 'idle_timeout: 2\n' })
    try {
      await house.engine.call('acquire', { thread: 'idle' })
      const screen = await house.engine.endpoint('desktop')
      const { id } = await screen.call('terminal_open', { thread: 'idle' })
      const view = viewTerminal(screen, id)
      await view.shows(/[$#] $/)
      for (let n = 0; n < 14; n += 1) {
        view.type(' ')
        await sleep(500)
        expect(await house.engine.call('get', { thread: 'idle' })).toMatchObject({ status: 'active' })
      }
      await eventually('it is reaped', async () => (await house.engine.call('list', {})).sandboxes.length === 0)
      expect(await view.ended()).not.toBe('')
    } finally {
      await house.close()
    }
  })
})
