import { expect, it } from 'vitest'
import type { Progress } from '../../../shared/sandbox.ts'
import type { House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { slowRegistry, type SlowRegistry } from '../../support/slow-registry.ts'
import { eventually } from '../../support/wait.ts'
import { reconfigure, withHouse, works } from './with-house.ts'

needs('docker', 'lite-image').describe('D18: an image pull that hangs', () => {
  it('holds up nobody else, shows how far it is, and ends when nobody waits for it', async () => {
    await withHouse({}, async (house) => {
      const registry = await slowRegistry(8 * 1024 * 1024)
      try {
        await pull(house, registry)
      } finally {
        // Before the house: a pull that nothing ends would hold up its close.
        await registry.close()
      }
    })
  })
})

async function pull(house: House, registry: SlowRegistry): Promise<void> {
  const { engine } = house
  await engine.call('acquire', { thread: 'before' })
  registry.pace = 50
  await reconfigure(house, `  image: ${registry.image}`)
  const leaving = new AbortController()
  const seen: Progress[] = []
  const waiting = engine.call('acquire', { thread: 'waits' }, { signal: leaving.signal, onChunk: (chunk) => void seen.push(chunk) }).then(
    () => 'made',
    (error: { code: string }) => error.code,
  )
  await eventually('the pull is told in bytes', () => registry.sending() > 0 && seen.some(({ step, done }) => step === 'image-pull' && done !== null))
  // Minutes to its end. Not for ever: an engine notices that nobody wants a download any more when a piece of it arrives.
  registry.pace = 1000

  // In use before: not touched by it. New, with an image that is there: not held up by it.
  expect(await engine.call('acquire', { thread: 'before' })).toMatchObject({ path: 'reuse' })
  await reconfigure(house, '  image: berth-lite')
  expect(await engine.call('acquire', { thread: 'after', timeout: 30 })).toMatchObject({ path: 'cold' })
  expect(await works(house, 'after')).toBe('works 0')
  expect(await engine.call('get', { thread: 'waits' })).toMatchObject({ status: 'creating', step: expect.stringContaining('Pulling') })

  leaving.abort()
  expect(await waiting).toBe('CANCELLED')
  await eventually('the engine has stopped to download', () => registry.sending() === 0, { within: 10_000 })
  await expect(engine.call('get', { thread: 'waits' })).rejects.toMatchObject({ code: 'SANDBOX_NOT_FOUND' })
}
