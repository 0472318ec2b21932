import { describe, expect, it } from 'vitest'
import type { LoggedLine } from '../../../main/backends/backend.ts'
import { lineLog } from '../../../main/backends/embedded/child.ts'

const all = { tail: 10_000, follow: false, signal: new AbortController().signal }

async function lines(of: AsyncIterable<LoggedLine>): Promise<string[]> {
  const got: string[] = []
  for await (const { text } of of) got.push(text)
  return got
}

describe('a line log', () => {
  it('makes lines of chunks, each writer its own', async () => {
    const log = lineLog(() => 0)
    const [out, err] = [log.writer(), log.writer()]
    out('one\ntw')
    err('error\n')
    out('o\r\nthree')
    expect(await lines(log.read(all))).toEqual(['one', 'error', 'two'])
    log.end()
    expect(await lines(log.read(all))).toEqual(['one', 'error', 'two', 'three'])
    expect(log.last(2)).toEqual(['two', 'three'])
    expect(log.last(0)).toEqual([])
  })

  it('is bounded in lines and in the length of one, and says to a slow follower what it missed', async () => {
    const log = lineLog(() => 0)
    const write = log.writer()
    write('first\n')
    const reader = log.read({ ...all, follow: true })[Symbol.asyncIterator]()
    expect((await reader.next()).value?.text).toBe('first')
    for (let i = 0; i < 5_000; i += 1) write(`line ${i}\n`)
    expect((await reader.next()).value?.text).toMatch(/^\[3000 lines were dropped here\]$/)
    expect((await reader.next()).value?.text).toBe('line 3000')
    write('x'.repeat(1_000_000))
    const longest = Math.max(...(await lines(log.read(all))).map((line) => line.length))
    expect(longest).toBeLessThanOrEqual(16_384)
  })

  it('says when a line was written', async () => {
    let now = Date.UTC(2026, 0, 2, 3, 4, 5, 6)
    const log = lineLog(() => now)
    const write = log.writer()
    write('one\ntw')
    now += 1000
    write('o\n')
    const got: LoggedLine[] = []
    for await (const line of log.read(all)) got.push(line)
    expect(got).toEqual([
      { at: '2026-01-02T03:04:05.006Z', text: 'one' },
      { at: '2026-01-02T03:04:06.006Z', text: 'two' },
    ])
  })

  it('does not run after what comes while it is read, unless it follows', async () => {
    const log = lineLog(() => 0)
    const write = log.writer()
    write('a\nb\n')
    const seen: string[] = []
    for await (const line of log.read(all)) {
      seen.push(line.text)
      write('more\n')
    }
    expect(seen).toEqual(['a', 'b'])
  })

  it('wakes a follower for a line, for the end and for an abort', async () => {
    const log = lineLog(() => 0)
    const write = log.writer()
    const abort = new AbortController()
    const aborted = lines(log.read({ tail: 0, follow: true, signal: abort.signal }))
    const ended = lines(log.read({ tail: 0, follow: true, signal: all.signal }))
    await Promise.resolve()
    write('new\n')
    await new Promise((resolve) => setImmediate(resolve))
    abort.abort()
    expect(await aborted).toEqual(['new'])
    write('later\n')
    log.end()
    expect(await ended).toEqual(['new', 'later'])
  })
})
