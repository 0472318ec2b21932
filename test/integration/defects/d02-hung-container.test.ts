import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { eventsOf, withHouse, works } from './with-house.ts'

const proofEnds = 1100

needs('docker', 'lite-image').describe('D2: a container that runs but does not answer is not handed out as it is', () => {
  it('paused from outside: it is woken, the same one', async () => {
    await withHouse({}, async (house) => {
      const { engine, docker } = house
      const first = await engine.call('acquire', { thread: 't' })
      await docker.getContainer(first.container ?? '').pause()
      await sleep(proofEnds)
      const again = await engine.call('acquire', { thread: 't' })
      expect(again).toMatchObject({ container: first.container, was_replaced: false })
      expect(await works(house, 't')).toBe('works 0')
    })
  })

  it('its server stopped for good: replaced after three seconds without an answer, and said', async () => {
    await withHouse({}, async (house) => {
      const { engine, docker } = house
      const began = performance.now()
      const first = await engine.call('acquire', { thread: 't' })
      const cold = performance.now() - began
      const container = docker.getContainer(first.container ?? '')
      // Process 1, the engine's init, has the server's name in its arguments too, but nothing inside can stop it.
      const exec = await container.exec({ Cmd: ['pkill', '-STOP', '-f', 'warden.mjs'], AttachStdout: true })
      await new Promise<void>((resolve, reject) => void exec.start({}).then((stream) => stream.on('end', resolve).on('error', reject).resume(), reject))
      expect((await container.inspect()).State).toMatchObject({ Running: true, Paused: false })
      await sleep(proofEnds)

      const asked = performance.now()
      const second = await engine.call('acquire', { thread: 't' })
      const took = performance.now() - asked
      expect(second.container).not.toBe(first.container)
      expect(second).toMatchObject({ was_replaced: true, replaced: 1, path: 'cold' })
      expect(await works(house, 't')).toBe('works 0')
      // Three seconds to be sure, one for the last probe; then a removal and a start, as long as starts take here.
      expect(took).toBeLessThan(4000 + 1000 + 4 * cold)
      const lost = (await eventsOf(house, 't')).filter(({ type }) => type === 'sandbox.lost')
      expect(lost).toHaveLength(1)
      expect(lost[0]?.text).toContain('did not answer')
      expect(await house.containers()).toEqual([house.nameOf('t')])
    })
  })
})
