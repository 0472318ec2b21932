import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHouse, type House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { eventually } from '../../support/wait.ts'
import { eventsOf, works } from '../defects/with-house.ts'

needs('docker', 'lite-image').describe('a sandbox whose memory ends', () => {
  let house: House
  beforeAll(async () => {
    house = await openHouse({ config: 'resources: { memory: 256m }\n' })
  })
  afterAll(() => house?.close())

  it('loses programs of the agent and never itself; who ran the command and who reads the events are told why', async () => {
    const before = await house.engine.call('acquire', { thread: 'hungry' })
    const eat = 'python3 -c "import time; x = bytearray(60 * 1024 * 1024); time.sleep(1)" &'
    const told = await house.engine.call('exec', { thread: 'hungry', command: `for n in $(seq 12); do ${eat} done; wait` })
    expect(told.stderr).toMatch(/\[out of memory: this sandbox reached its limit of 256m.*resources\.memory/)
    expect(await works(house, 'hungry')).toBe('works 0')
    expect(await house.engine.call('get', { thread: 'hungry' })).toMatchObject({ container: before.container, status: 'active' })
    const [oom] = await eventually('the event comes', async () => {
      const found = (await eventsOf(house, 'hungry')).filter(({ type }) => type === 'sandbox.oom')
      return found.length > 0 ? found : undefined
    })
    expect(oom?.text).toMatch(/oom.*256m/)
    const quiet = await house.engine.call('exec', { thread: 'hungry', command: 'true' })
    expect(quiet.stderr).toBe('')
  })
})
