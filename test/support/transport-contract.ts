import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { creditBytes } from '../../shared/wire/frame.ts'
import type { TopicEvent, TopicName } from '../../shared/topics.ts'
import type { Endpoint } from '../../shared/wire/endpoint.ts'
import type { MemoryHouse } from './memory-house.ts'
import { hear, mirrored, opsOf, type TransportSubject } from './transport-subject.ts'
import { eventually } from './wait.ts'

export interface TransportOptions {
  /** The engine that the transport leads to. */
  readonly house: () => MemoryHouse
  readonly connect: () => Promise<TransportSubject>
  /** False: calls only. */
  readonly topics: boolean
}

/** What any way to an engine must do, whatever it is made of: run over memory, WebSocket, HTTP and, in Electron, its IPC. */
export function transportContract(name: string, options: TransportOptions): void {
  describe(name, () => {
    let subject: TransportSubject
    const call: TransportSubject['caller']['call'] = (...args) => subject.caller.call(...args)
    const endpoint = (): Endpoint => {
      if (!subject.endpoint) throw new Error('this transport has no topics')
      return subject.endpoint
    }
    const house = () => options.house()
    /** A thread of this transport's own: several run on one engine. */
    const t = (thread: string) => `${subject.transport}-${thread}`

    beforeAll(async () => {
      subject = await options.connect()
      await call('acquire', { thread: 'one' })
    })
    afterAll(async () => await subject.close())

    /** A command that can be told from every other on this machine. */
    function longSleep(): string {
      return `sleep ${randomInt(100_000, 1_000_000)}`
    }

    async function hasEnded(command: string): Promise<boolean> {
      const { stdout } = await call('exec', { thread: 'one', command: `pgrep -f '[s]${command.slice(1)}' || true` })
      return stdout === ''
    }

    it('answers a call, and many at once each its own', async () => {
      expect(await call('get', { thread: 'one' })).toMatchObject({ thread: 'one', status: 'active' })
      const told = await Promise.all(Array.from({ length: 40 }, (_, at) => call('exec', { thread: 'one', command: `echo ${at}` })))
      expect(told.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 40 }, (_, at) => `${at}\n`))
    })

    it('carries an error whole: code, sentence and next step', async () => {
      await expect(call('get', { thread: 'nobody' })).rejects.toMatchObject({
        name: 'BerthError',
        code: 'SANDBOX_NOT_FOUND',
        message: expect.stringMatching(/\w/),
        next: expect.stringMatching(/\w/),
      })
      await expect(call('get', { thread: 'no/such' })).rejects.toMatchObject({ code: 'BAD_INPUT' })
      await expect(call('no_such_call' as 'get', { thread: 'one' })).rejects.toMatchObject({ code: 'NO_SUCH_CALL' })
    })

    it('streams chunks in order, before the result', async () => {
      let text = ''
      const done = await call(
        'exec',
        { thread: 'one', command: 'for i in 1 2 3; do echo $i; sleep 0.05; done' },
        { onChunk: ({ data }) => void (text += data) },
      )
      expect(text).toBe('1\n2\n3\n')
      expect(done).toMatchObject({ exit_code: 0 })
    })

    it('ends a call that is given up, and what it does', async () => {
      const given = new AbortController()
      const long = longSleep()
      const running = call('exec', { thread: 'one', command: `echo begun; ${long}` }, { signal: given.signal, onChunk: () => given.abort() })
      await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
      await eventually('the command has ended', () => hasEnded(long))
    })

    it('refuses a call whose signal has fired already', async () => {
      await expect(call('exec', { thread: 'one', command: 'true' }, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
    })

    if (!options.topics) return

    it('tells the state: a snapshot, then numbered patches without a gap, until nothing differs', async () => {
      const heard = hear(endpoint(), 'state', {})
      await eventually('the snapshot', () => heard.events.length > 0)
      expect(heard.events[0]).toMatchObject({ type: 'snapshot', state: { house: { instance: house().house.engine.instance } } })
      for (const thread of ['two', 'three', 'four']) await call('acquire', { thread })
      await call('release', { thread: 'two' })
      await call('destroy', { thread: 'three' })
      await Promise.all(Array.from({ length: 20 }, () => call('exec', { thread: 'four', command: 'true' })))
      const byThread = () => Object.fromEntries(Object.values(mirrored(heard.events).sandboxes).map(({ thread, status }) => [thread, status]))
      await eventually('the end of it', () => byThread()['two'] === 'warm' && byThread()['three'] === undefined && byThread()['four'] === 'active')
      await expectTruth(heard.events)
      heard.subscription.close()
    })

    it('tells no secret: neither key nor token, nor any address of a sandbox', async () => {
      const told: string[] = []
      const note = (event: unknown) => void told.push(JSON.stringify(event))
      const all = (['state', 'events', 'calls', 'gauges'] as const).map((topic) => hear(endpoint(), topic as 'state', {}, note))
      const { url } = await call('acquire', { thread: 'secretive' })
      await call('exec', { thread: 'secretive', command: 'true' })
      await call('rotate', { thread: 'secretive' })
      await call('destroy', { thread: 'secretive' })
      await eventually('all topics have told', () => all.every(({ events }) => events.length > 0) && told.join().includes('secretive'))
      await eventually('its end is told', () => told.some((text) => text.includes('sandbox.gone') || text.includes('sandbox_gone')))
      const secrets = [house().token, ...house().backend.keys(), new URL(url ?? 'http://none/none').pathname.slice(1), '/s/']
      expect(secrets.every((secret) => secret.length > 2)).toBe(true)
      for (const secret of secrets) expect(told.filter((text) => text.includes(secret))).toEqual([])
      for (const { subscription } of all) subscription.close()
    })

    it('keeps what a slow viewer has not seen to the newest truth, under 256 KiB, and its numbers whole', async () => {
      const heard = hear(endpoint(), 'state', {})
      await eventually('the snapshot', () => heard.events.length > 0)
      heard.hold()
      const size = () => heard.events.reduce((sum, event) => sum + JSON.stringify(event).length, 0)
      // Each round is a flush; the text makes rows long, so that the credit is soon used up.
      const long = `true # ${'x'.repeat(480)}`
      await eventually(
        'it stands still',
        async () => {
          const before = heard.events.length
          for (let round = 0; round < 5; round += 1) await Promise.all(['one', 'two', 'four'].map((thread) => call('exec', { thread, command: long })))
          return size() > creditBytes && heard.events.length === before
        },
        { within: 60_000 },
      )
      const largest = Math.max(...heard.events.map((event) => JSON.stringify(event).length))
      expect(size()).toBeLessThan(creditBytes + 2 * largest)
      const seen = heard.events.length
      await call('exec', { thread: 'one', command: 'echo newest' })
      await call('destroy', { thread: 'two' })
      heard.release()
      await eventually('the rest', () => JSON.stringify(opsOf(heard.events.slice(seen))).includes('echo newest'))
      await eventually('what went', () => !Object.values(mirrored(heard.events).sandboxes).some(({ thread }) => thread === 'two'))
      // Merged: of all rounds that were missed, each sandbox came once.
      const late = heard.events.slice(seen, seen + 1)
      const entities = opsOf(late).map((op) => (op.op === 'sandbox' ? op.value.id : op.op))
      expect(new Set(entities).size).toBe(entities.length)
      await expectTruth(heard.events)
      heard.subscription.close()
    })

    it('answers calls while a log pours in, and counts every line that it drops', async () => {
      await call('acquire', { thread: 'chatty' })
      const id = (await call('get', { thread: 'chatty' })).id
      const heard = hear(endpoint(), 'logs', { id, tail: 100_000 })
      const lines = () => heard.events.flatMap((event) => (event.type === 'lines' ? event.lines : []))
      const dropped = () => heard.events.reduce((sum, event) => sum + (event.type === 'lines' ? event.dropped : 0), 0)
      house().backend.say('chatty', ['first'])
      await eventually('the first line', () => lines().length === 1)
      heard.hold()
      const sent = 40_000
      for (let at = 0; at < sent; at += 1000) {
        house().backend.say(
          'chatty',
          Array.from({ length: 1000 }, (_, n) => `line ${at + n} ${'.'.repeat(60)}`),
        )
        await call('list', {})
      }
      // What is under way is bounded, whatever was said.
      expect(lines().length).toBeLessThan(10_000)
      heard.release()
      house().backend.say('chatty', ['last'])
      await eventually('the last line', () => lines().at(-1)?.text === 'last')
      expect(dropped()).toBeGreaterThan(0)
      expect(lines().length + dropped()).toBe(sent + 2)
      const numbers = lines().map(({ n }) => n)
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
      expect(numbers.at(-1)).toBe(sent + 2)
      await call('destroy', { thread: 'chatty' })
      await eventually('the end of the log', () => heard.events.at(-1)?.type === 'end')
      heard.subscription.close()
    })

    it('tells what happened before, then what happens, of one sandbox where asked', async () => {
      const id = (await call('acquire', { thread: t('told') })).id
      const heard = hear(endpoint(), 'events', { sandbox: id, limit: 100 })
      await eventually('the past', () => heard.events.length > 0)
      expect(heard.events[0]?.events.map(({ type }) => type)).toEqual(['sandbox.creating', 'sandbox.active'])
      await call('acquire', { thread: 'other' })
      await call('destroy', { thread: t('told') })
      await eventually('its end', () => heard.events.flatMap(({ events }) => events).some(({ type }) => type === 'sandbox.gone'))
      const all = heard.events.flatMap(({ events }) => events)
      expect(all.every(({ sandbox }) => sandbox === id)).toBe(true)
      expect(all.map(({ seq }) => seq)).toEqual([...new Set(all.map(({ seq }) => seq))].sort((a, b) => a - b))
      expect(heard.events.map(({ dropped }) => dropped)).toEqual(heard.events.map(() => 0))
      heard.subscription.close()
    })

    it('lists calls of clients with who, how and how they ended, and leaves out what screens only look at', async () => {
      const heard = hear(endpoint(), 'calls', {})
      await eventually('the past', () => heard.events.length > 0)
      const from = heard.events.flatMap(({ calls }) => calls).at(-1)?.seq ?? 0
      const mine = () => heard.events.flatMap(({ calls }) => calls).filter(({ seq }) => seq > from)
      await call('list', {})
      await call('exec', { thread: 'one', command: 'true' })
      await call('exec', { thread: 'nowhere', command: 'true' }).catch(() => undefined) // recorded with its code below
      await eventually('both', () => mine().length >= 2)
      expect(mine()).toMatchObject([
        { call: 'exec', sandbox: 'one', transport: subject.transport, error: null },
        { call: 'exec', sandbox: 'nowhere', transport: subject.transport, error: 'SANDBOX_NOT_FOUND' },
      ])
      heard.subscription.close()
    })

    it('measures only while somebody looks, and only what runs', async () => {
      const id = (await call('get', { thread: 'one' })).id
      const before = house().backend.measured('one')
      const stats = hear(endpoint(), 'stats', { id })
      const gauges = hear(endpoint(), 'gauges', {})
      const cpus = () => stats.events.flatMap(({ samples }) => samples).map(({ cpu }) => cpu)
      await eventually('two samples', () => cpus().length >= 2)
      expect(cpus()[0]).toBeNull()
      expect(cpus()[1]).toBeGreaterThanOrEqual(0)
      await eventually('a gauge', () => gauges.events.flatMap(({ samples }) => samples).some(({ sandboxes }) => (sandboxes[id]?.memory ?? 0) > 0))
      stats.subscription.close()
      gauges.subscription.close()
      const after = house().backend.measured('one')
      expect(after).toBeGreaterThan(before)
      await new Promise((resolve) => setTimeout(resolve, 2500))
      // One may have been under way.
      expect(house().backend.measured('one')).toBeLessThanOrEqual(after + 1)
      const again = hear(endpoint(), 'stats', { id })
      await eventually('what was measured before', () => (again.events[0]?.samples.length ?? 0) >= 2)
      again.subscription.close()
    })

    it.each([
      ['of no such name', 'nothing', {}, 'NO_SUCH_CALL'],
      ['with bad parameters', 'logs', { id: 'no id' }, 'BAD_INPUT'],
      ['of a sandbox that is not there', 'stats', { id: '0123456789abcdef' }, 'SANDBOX_NOT_FOUND'],
    ])('ends a subscription %s, with the reason', async (_, topic, params, code) => {
      const heard = hear(endpoint(), topic as TopicName, params as never)
      await eventually('its end', () => heard.ended() !== null)
      expect(heard.ended()).toMatchObject({ error: { code, message: expect.stringMatching(/\w/), next: expect.stringMatching(/\w/) } })
      expect(heard.events).toEqual([])
    })

    it('ends one that says what its topic does not know, and no other', async () => {
      const bad = hear(endpoint(), 'state', {})
      const good = hear(endpoint(), 'state', {})
      await eventually('both snapshots', () => bad.events.length > 0 && good.events.length > 0)
      bad.subscription.send({ type: 'shout' } as never)
      await eventually('its end', () => bad.ended() !== null)
      expect(bad.ended()).toMatchObject({ error: { code: 'BAD_INPUT' } })
      await call('exec', { thread: 'one', command: 'true' })
      await eventually('the other goes on', () => good.events.length > 1)
      expect(good.ended()).toBeNull()
      good.subscription.close()
    })

    it('says nothing more to one that was closed', async () => {
      const heard = hear(endpoint(), 'state', {})
      await eventually('the snapshot', () => heard.events.length > 0)
      heard.subscription.close()
      const seen = heard.events.length
      const other = hear(endpoint(), 'state', {})
      await call('exec', { thread: 'one', command: 'true' })
      await eventually('another is told', () => other.events.length > 1)
      expect(heard.events.length).toBe(seen)
      expect(heard.ended()).toBeNull()
      other.subscription.close()
    })

    it('ends its subscriptions and calls when this side closes it, and the engine goes on', async () => {
      const own = await options.connect()
      if (!own.endpoint) throw new Error('this transport has no topics')
      const heard = hear(own.endpoint, 'state', {})
      await eventually('the snapshot', () => heard.events.length > 0)
      const long = longSleep()
      const running = own.endpoint.call('exec', { thread: 'one', command: long })
      const fails = expect(running).rejects.toMatchObject({ code: 'NOT_RUNNING' })
      own.endpoint.close()
      await fails
      expect(heard.ended()).toMatchObject({ error: { code: 'NOT_RUNNING' } })
      await expect(own.endpoint.call('list', {})).rejects.toMatchObject({ code: 'NOT_RUNNING' })
      await eventually('its command has ended', () => hasEnded(long))
      await own.close()
    })

    /** What was told adds up to what a newcomer is told. */
    async function expectTruth(events: readonly TopicEvent<'state'>[]): Promise<void> {
      const plain = (state: ReturnType<typeof mirrored>) => ({ ...state, house: { ...state.house, now: '' } })
      await eventually('both agree', async () => {
        const fresh = hear(endpoint(), 'state', {})
        await eventually('a snapshot', () => fresh.events.length > 0)
        fresh.subscription.close()
        expect(plain(mirrored(events))).toEqual(plain(mirrored(fresh.events.slice(0, 1))))
        return true
      })
    }
  })
}
