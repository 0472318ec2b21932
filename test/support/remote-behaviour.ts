import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../main/base/clock.ts'
import { asBerthError } from '../../shared/errors.ts'
import { openHouse, type House } from './house.ts'
import { eventually } from './wait.ts'

/** Where the sandboxes are: what a test does there, behind the back of the Berth that uses it. */
export interface Far {
  readonly url: string
  readonly apiKey?: string
  /** Sandboxes that really exist there. */
  count(): Promise<number>
  /** The sandbox of this thread ends by itself. */
  lose(thread: string, ref: string): Promise<void>
  /** It answers nobody any more; its sandboxes go on. `start` brings it back at the same address. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Requests so far, by method and path; null where that cannot be seen. */
  requests(): string[] | null
  close(): Promise<void>
}

/** What the provider does, done over a provisioner: nothing leaks on either side, nothing dead is handed out. */
export function describeRemote(name: string, makeFar: () => Promise<Far>): void {
  describe(`a Berth with its sandboxes on ${name}`, { timeout: 180_000 }, () => {
    let far: Far
    let house: House
    const open: { close(): Promise<void> }[] = []
    afterEach(async () => {
      for (const one of open.splice(0).toReversed()) await one.close()
    }, 120_000)

    async function settle(config = ''): Promise<void> {
      far = await makeFar()
      open.push(far)
      house = await openHouse({
        backend: 'remote',
        config,
        env: { FAR_KEY: far.apiKey ?? 'none' },
        sandbox: { provisioner_url: far.url, provisioner_api_key: '$FAR_KEY', replicas: 10, stop_grace: 1 },
      })
      // The one that is open at the end: a test may have opened it anew.
      open.push({ close: () => house.close() })
    }
    const acquire = (thread: string | null, holder = 'a') => house.engine.call('acquire', { thread, holder })
    const release = (thread: string, holder = 'a') => house.engine.call('release', { thread, holder })
    const run = async (thread: string, command: string) => (await house.engine.call('exec', { thread, command })).stdout
    const codeOf = (work: Promise<unknown>) =>
      work.then(
        () => 'no error',
        (error: unknown) => asBerthError(error).code,
      )
    const none = () => eventually('nothing is left there', async () => (await far.count()) === 0)

    it('cold, reused without asking anybody, released, warm, destroyed', async () => {
      await settle()
      const cold = await acquire('t')
      expect(cold).toMatchObject({ path: 'cold', status: 'active', backend: 'remote', isolation: 'remote', image: null, headers: {} })
      expect(await run('t', 'echo here > ~/mark; cat ~/mark')).toBe('here\n')
      await eventually('a look has seen it', () => acquire('t').then(({ path }) => path === 'reuse'))
      const before = far.requests()?.filter((line) => !line.endsWith(' /api/sandboxes')).length
      for (let n = 0; n < 20; n += 1) {
        await run('t', 'true')
        expect(await acquire('t')).toMatchObject({ path: 'reuse', container: cold.container, url: cold.url })
      }
      expect(far.requests()?.filter((line) => !line.endsWith(' /api/sandboxes')).length).toBe(before)
      expect((await release('t')).sandbox?.status).toBe('warm')
      expect(await acquire('t')).toMatchObject({ path: 'warm', container: cold.container, was_replaced: false })
      expect(await run('t', 'cat ~/mark')).toBe('here\n')
      expect(await far.count()).toBe(1)
      expect(await house.engine.call('destroy', { thread: 't' })).toEqual({ destroyed: true })
      await none()
      const again = await acquire('t')
      expect(again.path).toBe('cold')
      expect(again.container).not.toBe(cold.container)
      expect(await far.count()).toBe(1)
    })

    it('two holders hold one; the last to go makes it warm; many at once get one', async () => {
      await settle()
      const got = await Promise.all(['a', 'b', 'c', 'd'].map((holder) => acquire('t', holder)))
      expect(new Set(got.map(({ container }) => container)).size).toBe(1)
      expect(await far.count()).toBe(1)
      for (const holder of ['a', 'b', 'c']) expect((await release('t', holder)).sandbox?.status).toBe('active')
      expect(await run('t', 'echo still')).toBe('still\n')
      expect((await release('t', 'd')).sandbox?.status).toBe('warm')
      const others = await Promise.all(['u', 'v', 'w'].map((thread) => acquire(thread)))
      expect(new Set(others.map(({ url }) => url)).size).toBe(3)
      expect(await far.count()).toBe(4)
    })

    it('an anonymous one is gone with its last release', async () => {
      await settle()
      const got = await acquire(null)
      expect(got.thread).toBeNull()
      await house.engine.call('release', { id: got.id, holder: 'a' })
      await none()
    })

    it('an orderly end ends them there', async () => {
      await settle()
      await Promise.all([acquire('t'), acquire('u'), acquire(null)])
      expect(await far.count()).toBe(3)
      await house.engine.close()
      expect(await far.count()).toBe(0)
    })

    it('after a restart all are found again by its list, held as before', async () => {
      await settle('on_exit: keep')
      const held = await acquire('t')
      const warm = await acquire('u')
      await release('u')
      const ghost = await acquire(null, 'gone')
      await run('t', 'echo kept > ~/mark')
      house = await house.reopen()
      // One that is proven to answer is listed meanwhile, and whoever comes then has found it, not a warm one.
      await eventually(
        'they answer',
        async () =>
          (await house.engine.call('list', {})).sandboxes
            .map(({ status }) => status)
            .sort()
            .join() === 'active,active,warm',
      )
      expect(await acquire('t')).toMatchObject({ container: held.container, url: held.url, was_replaced: false })
      expect(await run('t', 'cat ~/mark')).toBe('kept\n')
      expect(await acquire('u', 'b')).toMatchObject({ path: 'warm', container: warm.container })
      expect(await house.engine.call('get', { id: ghost.id })).toMatchObject({ thread: null, container: ghost.container })
      expect(await far.count()).toBe(3)
    })

    it('one that the other side lost is replaced, and its holder is told once', async () => {
      await settle()
      const first = await acquire('t')
      const running = house.engine.call('exec', { thread: 't', command: 'sleep 60' })
      const ended = codeOf(running)
      await far.lose('t', first.container ?? '')
      expect(['SANDBOX_LOST', 'SANDBOX_UNREACHABLE']).toContain(await ended)
      const second = await acquire('t')
      expect(second).toMatchObject({ path: 'cold', was_replaced: true, replaced: 1 })
      expect(second.container).not.toBe(first.container)
      expect(await run('t', 'echo alive')).toBe('alive\n')
      expect(await acquire('t')).toMatchObject({ was_replaced: false })
      await eventually('only the second is there', async () => (await far.count()) === 1)
    })

    it('while it is away nothing is concluded: acquires wait, fail with the cause, and succeed when it is back', async () => {
      await settle()
      const held = await acquire('t')
      const doomed = await acquire('u')
      await far.stop()
      // Until then it was heard of a moment ago, and what answers is handed out.
      await systemClock().sleep(6_000)
      const began = performance.now()
      const [old, fresh] = await Promise.all([codeOf(acquire('t', 'b')), codeOf(acquire('new'))])
      expect([old, fresh]).toEqual(['ENGINE_UNREACHABLE', 'ENGINE_UNREACHABLE'])
      expect(performance.now() - began).toBeGreaterThan(8_000)
      expect(await house.engine.call('get', { thread: 't' })).toMatchObject({ status: 'active', container: held.container })
      expect(await codeOf(house.engine.call('destroy', { thread: 'u' }))).toBe('ENGINE_UNREACHABLE')
      const waiting = [acquire('t', 'b'), acquire('new')]
      const settled = Promise.allSettled(waiting)
      await far.start()
      expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
      expect(await waiting[0]).toMatchObject({ container: held.container, was_replaced: false })
      await eventually('what was to be destroyed is', async () => (await far.count()) === 2)
      expect(await acquire('u')).toMatchObject({ path: 'cold' })
      expect((await acquire('u')).container).not.toBe(doomed.container)
    })

    it('what ended while this one was away is not handed out, and nothing is left there', async () => {
      await settle('on_exit: keep')
      const [one, other] = [await acquire('t'), await acquire('u')]
      await house.engine.close()
      await far.lose('t', one.container ?? '')
      house = await house.reopen()
      expect(await acquire('t')).toMatchObject({ path: 'cold', was_replaced: true })
      expect(await acquire('u')).toMatchObject({ container: other.container, was_replaced: false })
      await eventually('two are there', async () => (await far.count()) === 2)
    })
  })
}
