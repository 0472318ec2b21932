import { appendFile, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestBridge, type TestBridge, testToken } from '../../support/bridge.ts'
import { rawSocket } from '../../support/raw-http.ts'
import { type TempDir, tempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

interface Message {
  readonly id: string | null
  readonly event: string | null
  readonly data: Record<string, unknown>
}

let temp: TempDir
let file: string
let made = 0
const open: TestBridge[] = []
beforeAll(async () => {
  temp = await tempDir('stream')
})
afterAll(async () => await temp.remove())
beforeEach(() => {
  file = join(temp.path, `events-${(made += 1)}.jsonl`)
})
afterEach(async () => {
  for (const it of open.splice(0)) await it.close()
})

/** One life of an engine that says `texts`; its log is on disk once it has closed. */
async function life(instance: string, texts: readonly string[]): Promise<void> {
  const house = await openTestBridge({ instance, eventFile: file })
  for (const text of texts) house.events.publish({ type: 'berth.problem', who: 'berth:test', text })
  await house.close()
}
async function engine(instance: string, texts: readonly string[] = []): Promise<TestBridge> {
  const house = await openTestBridge({ instance, eventFile: file })
  open.push(house)
  for (const text of texts) house.events.publish({ type: 'berth.problem', who: 'berth:test', text })
  return house
}

/** What the stream tells until `last` came, as an EventSource would take it apart. */
async function listen(house: TestBridge, lastEventId: string | null, last: string): Promise<Message[]> {
  const leaving = new AbortController()
  const stream = await fetch(`${house.bridge.url}/berth/v1/events`, {
    headers: { 'x-api-key': testToken, ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }) },
    signal: leaving.signal,
  })
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes(`"text":"${last}"`) || !text.endsWith('\n\n')) text += (await reader?.read())?.value ?? ''
  leaving.abort()
  return text
    .split('\n\n')
    .filter((it) => it.includes('data: '))
    .map((message) => ({
      id: /^id: (.*)$/m.exec(message)?.[1] ?? null,
      event: /^event: (.*)$/m.exec(message)?.[1] ?? null,
      data: JSON.parse(/^data: (.*)$/m.exec(message)?.[1] ?? '') as Record<string, unknown>,
    }))
}
const told = (messages: readonly Message[]) => messages.map(({ id, event, data }) => `${id ?? '-'} ${event ?? String(data['text'])}`)

/** What is really held, garbage swept away. */
function heap(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  return process.memoryUsage().heapUsed
}

describe('a reader that comes back after the engine restarted', () => {
  it('gets what it missed of the one it knew, of those between, and all of this one', async () => {
    await life('one', ['a', 'b', 'c', 'd'])
    await life('two', ['e', 'f'])
    const house = await engine('three', ['g', 'h'])
    const messages = await listen(house, 'one.2', 'h')
    expect(told(messages)).toEqual(['one.2 hello', 'one.3 c', 'one.4 d', 'two.1 e', 'two.2 f', 'three.1 g', 'three.2 h'])
    expect(messages[0]?.data).toEqual({ instance: 'three', seq: 0, resumed: true })
  })

  it('at the end of what that one told misses nothing', async () => {
    await life('one', ['a', 'b'])
    expect(told(await listen(await engine('two', ['c']), 'one.2', 'c'))).toEqual(['one.2 hello', 'two.1 c'])
  })

  it('and is cut off again on the way, goes on from where it was', async () => {
    await life('one', ['a', 'b', 'c'])
    const house = await engine('two', ['d'])
    expect(told(await listen(house, 'one.1', 'b')).slice(0, 2)).toEqual(['one.1 hello', 'one.2 b'])
    expect(told(await listen(house, 'one.2', 'd'))).toEqual(['one.2 hello', 'one.3 c', 'two.1 d'])
  })

  it('is told how many of them are not kept any more', async () => {
    await life('one', ['a', 'b', 'c', 'd'])
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
    await writeFile(file, `${lines.slice(3).join('\n')}\n`)
    const messages = await listen(await engine('two', ['e']), 'one.1', 'e')
    expect(told(messages)).toEqual(['one.1 hello', '- dropped', 'one.4 d', 'two.1 e'])
    expect(messages[1]?.data).toEqual({ dropped: 2 })
  })

  it('is told that nobody can say what it missed, where nothing is known of that one', async () => {
    await life('one', ['a'])
    const house = await engine('two', ['b'])
    for (const id of ['zero.7', 'garbage', 'one', '.5', `${'x'.repeat(5000)}.1`]) {
      const messages = await listen(house, id, 'b')
      expect(told(messages)).toEqual(['two.0 hello', 'two.1 b'])
      expect(messages[0]?.data).toEqual({ instance: 'two', seq: 0, resumed: false })
    }
  })

  it('is not troubled by a log that rotated, ends in half a line, or has lines of an older version', async () => {
    await life('one', ['a', 'b'])
    await rename(file, `${file}.old`)
    await writeFile(file, '{"seq":9,"at":"2020-01-01T00:00:00.000Z","type":"x","who":"y","text":"without an instance"}\nnonsense\n')
    await life('two', ['c'])
    await appendFile(file, '{"seq":2,"at":"20')
    expect(told(await listen(await engine('three', ['d']), 'one.1', 'd'))).toEqual(['one.1 hello', 'one.2 b', 'two.1 c', 'three.1 d'])
  })

  it('after very much gets the newest of it', async () => {
    await life(
      'one',
      Array.from({ length: 1500 }, (_, at) => `e${at}`),
    )
    const messages = await listen(await engine('two', ['end']), 'one.100', 'end')
    expect(messages[1]).toMatchObject({ event: 'dropped', data: { dropped: 400 } })
    expect(told(messages.slice(2)).slice(0, 1)).toEqual(['one.501 e500'])
    expect(messages).toHaveLength(2 + 1000 + 1)
  })
})

describe('a reader that reads nothing', () => {
  it("fills neither the engine nor anybody else's stream, and is told later what it lost", async () => {
    const house = await engine('one')
    const socket = await rawSocket(house.bridge.port)
    socket.pause()
    socket.write(`GET /berth/v1/events HTTP/1.1\r\nhost: localhost\r\nx-api-key: ${testToken}\r\n\r\n`)
    await eventually('it is there', () => socket.bytesWritten > 0)
    await new Promise((resolve) => setTimeout(resolve, 100))
    const before = heap()
    const padding = 'x'.repeat(4096)
    for (let at = 0; at < 8000; at += 1) {
      house.events.publish({ type: 'berth.problem', who: 'berth:test', text: `${at} ${padding}` })
      if (at % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    house.events.publish({ type: 'berth.problem', who: 'berth:test', text: 'end' })
    // 32 MB were published; a thousand events of them may wait, once for the ring and once for this reader.
    expect(house.events.dropped()).toBeGreaterThan(1000)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(heap() - before).toBeLessThan(24_000_000)
    let text = ''
    socket.on('data', (part: Buffer) => {
      text += part.toString('utf8')
    })
    socket.resume()
    await eventually('it catches up', () => text.includes('"text":"end"'))
    expect(Number(/"dropped":(\d+)/.exec(text)?.[1])).toBe(house.events.dropped())
    expect(house.logged).toEqual([])
    socket.destroy()
  })

  it('that leaves is no failure that anybody has to read of', async () => {
    const house = await engine('one')
    for (let at = 0; at < 20; at += 1) {
      const socket = await rawSocket(house.bridge.port)
      socket.write(`GET /berth/v1/events HTTP/1.1\r\nhost: localhost\r\nx-api-key: ${testToken}\r\n\r\n`)
      await new Promise((resolve) => setTimeout(resolve, 5))
      for (let more = 0; more < 400; more += 1) house.events.publish({ type: 'berth.problem', who: 'berth:test', text: 'x'.repeat(2000) })
      socket.destroy()
    }
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(house.logged).toEqual([])
  })
})
