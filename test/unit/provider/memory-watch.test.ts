import { expect, it } from 'vitest'
import type { NewEvent } from '../../../shared/events.ts'
import { memoryWatch } from '../../../main/core/watching.ts'

it('memory that ran out is told once for a while, and is why a container that is then killed ended', () => {
  let now = 0
  const told: NewEvent[] = []
  const deps = { clock: { now: () => now }, config: () => ({ resources: { memory: '64m' } }), publish: (event: NewEvent) => told.push(event) }
  const watch = memoryWatch({ deps })
  const entry = { id: 'one', user: 'default', thread: 't' }
  for (let n = 0; n < 20; n += 1) watch.ranOut('ref', entry)
  now = 6_000
  watch.ranOut('ref', entry)
  expect(told.map(({ type, sandbox }) => [type, sandbox])).toEqual([
    ['sandbox.oom', 'one'],
    ['sandbox.oom', 'one'],
  ])
  // Its own exit code is another matter, a kill much later as well.
  watch.ranOut('left', entry)
  expect(watch.deathOf('left', 1)).toBeNull()
  watch.ranOut('late', entry)
  expect(watch.deathOf('ref', 137)).toMatch(/out of memory.*64m.*resources\.memory/)
  now += 11_000
  expect(watch.deathOf('late', 137)).toBeNull()
  expect(watch.deathOf('unknown', 137)).toBeNull()
})
