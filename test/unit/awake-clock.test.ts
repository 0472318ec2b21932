import { expect, it } from 'vitest'
import { awakeClock, type Clock } from '../../main/base/clock.ts'
import { simTime } from '../support/sim-clock.ts'
import { seeded } from '../support/seeded.ts'

/** A process whose monotonic clock goes on while it is stopped. */
function stoppable() {
  const time = simTime(seeded(1))
  const { clock } = time.process('berth')
  let ahead = 0
  const base: Clock = { ...clock, now: () => clock.now() + ahead }
  return { time, clock: awakeClock(base), stop: (ms: number) => void (ahead += ms) }
}

it('stands still while its process does, and whoever waits gets the rest of their time', async () => {
  const { time, clock, stop } = stoppable()
  const began = clock.now()
  let fired = 0
  clock.timer(60_000, () => (fired = clock.now() - began))
  await time.advance(30_000)
  stop(3_600_000)
  await time.advance(20_000)
  expect(clock.now() - began).toBeLessThan(55_000)
  expect(fired).toBe(0)
  await time.advance(20_000)
  expect(fired).toBeGreaterThanOrEqual(59_000)
  clock.close()
})

it('a busy machine is no stop: what is a little late counts', async () => {
  const { time, clock, stop } = stoppable()
  const began = clock.now()
  for (let n = 0; n < 10; n += 1) {
    await time.advance(3000)
    stop(2000)
  }
  expect(clock.now() - began).toBe(50_000)
  clock.close()
})
