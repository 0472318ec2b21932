import { describe, expect, it } from 'vitest'
import { farId } from '../../../main/backends/remote/wire.ts'
import { systemClock } from '../../../main/base/clock.ts'
import { asBerthError } from '../../../shared/errors.ts'
import { openHouse } from '../../support/house.ts'
import { eventually } from '../../support/wait.ts'
import { describeRemote } from '../../support/remote-behaviour.ts'
import { kubernetesLike, type Mood } from '../../support/kubernetes-like.ts'

describeRemote('a provisioner like deer-flow’s Kubernetes one', async () => {
  const key = 'kubernetes-key'
  const far = await kubernetesLike({ takes: 'head', key })
  far.pendingMs = 300
  return {
    url: far.url,
    apiKey: key,
    count: () => Promise.resolve(far.pods.size),
    lose: (_thread, ref) => Promise.resolve(far.crash(farId(ref))),
    stop: () => far.stop(),
    start: () => far.start(),
    requests: () => far.calls.map(({ line }) => line),
    close: () => far.close(),
  }
})

describe('a provisioner on a bad day', { timeout: 120_000 }, () => {
  // Each waits for a provisioner that does not answer, most of its time.
  it.concurrent.each<Mood>(['500', 'nonsense', 'proxy-404', 'silent'])('%s: nothing dead handed out, nothing alive thrown away, nothing left', async (mood) => {
    const far = await kubernetesLike()
    const house = await openHouse({ backend: 'remote', sandbox: { provisioner_url: far.url } })
    try {
      const acquire = (thread: string) => house.engine.call('acquire', { thread })
      const codeOf = (work: Promise<unknown>) =>
        work.then(
          () => 'no error',
          (error: unknown) => asBerthError(error).code,
        )
      const held = await acquire('t')
      const dead = await acquire('u')
      far.mood = mood
      await systemClock().sleep(6_000)
      far.crash(farId(dead.container ?? ''))
      const during = ['t', 'u', 'new'].map((thread) => codeOf(acquire(thread)))
      expect(await Promise.all(during)).toEqual(during.map(() => 'ENGINE_UNREACHABLE'))
      expect(await codeOf(house.engine.call('destroy', { thread: 'nobody' }))).toBe('no error')
      far.mood = 'well'
      expect(await acquire('t')).toMatchObject({ container: held.container, was_replaced: false })
      const replaced = await acquire('u')
      expect(replaced).toMatchObject({ was_replaced: true })
      expect(replaced.container).not.toBe(dead.container)
      await acquire('new')
      await eventually('the dead one is gone', () => far.pods.size === 3)
      expect((await house.engine.call('list', {})).sandboxes.map(({ status }) => status)).toEqual(['active', 'active', 'active'])
    } finally {
      far.mood = 'well'
      await house.close()
      expect(far.pods.size).toBe(0)
      await far.close()
    }
  })
})
