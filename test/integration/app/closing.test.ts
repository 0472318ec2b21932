import { expect, it } from 'vitest'
import { openHouse } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'

needs('docker', 'lite-image').describe('what a person says when quitting', () => {
  it.each([
    ['keep', 'destroy', 1],
    ['destroy', 'keep', 0],
  ] as const)('%s overrules on_exit: %s', async (said, onExit, left) => {
    const house = await openHouse({ config: `on_exit: ${onExit}` })
    try {
      await house.engine.call('acquire', { thread: 'one', holder: 'agent' })
      await house.engine.close({ sandboxes: said })
      expect(await house.containers()).toHaveLength(left)
    } finally {
      await house.close()
    }
  })
})
