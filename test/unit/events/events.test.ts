import { chmod, readFile, stat, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BerthEvent } from '../../../shared/events.ts'
import { systemClock } from '../../../main/base/clock.ts'
import { type Events, openEvents } from '../../../main/house/events/events.ts'
import { type TempDir, tempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

let temp: TempDir
beforeAll(async () => {
  temp = await tempDir('events')
})
afterAll(async () => await temp.remove())

function open(file: string | null, fileLimit?: number): { events: Events; logged: string[] } {
  const logged: string[] = []
  const log = (level: string, text: string) => void logged.push(`${level}: ${text}`)
  return { events: openEvents({ clock: systemClock(), instance: 'i', file, log, ...(fileLimit ? { fileLimit } : {}) }), logged }
}
const say = (events: Events, text: string) => events.publish({ type: 'berth.problem', who: 'berth:test', text })
const texts = (list: readonly BerthEvent[]) => list.map((event) => event.text)

describe('recent', () => {
  it('has the newest 1000, and counts what is gone', () => {
    const { events } = open(null)
    for (let at = 1; at <= 5000; at++) {
      say(events, String(at))
      const { events: kept, dropped } = events.recent({ since: 0, limit: 1000 })
      if (at % 500 !== 0) continue
      expect(kept.at(-1)?.seq).toBe(at)
      expect(kept).toHaveLength(Math.min(at, 1000))
      expect(dropped).toBe(Math.max(0, at - 1000))
    }
    expect(texts(events.recent({ limit: 2 }).events)).toEqual(['4999', '5000'])
    expect(events.recent({ since: 4990, limit: 3 })).toMatchObject({ dropped: 7 })
    expect(events.recent({ since: 9999, limit: 3 })).toEqual({ events: [], dropped: 0 })
  })
})

describe('subscribers', () => {
  it('miss nothing between what was and what comes, and get nothing twice', async () => {
    const { events } = open(null)
    for (const text of ['a', 'b', 'c']) say(events, text)
    const got: string[] = []
    const { close } = events.subscribe((event) => void got.push(event.text), 1)
    say(events, 'd')
    await eventually('all came', () => got.length === 3)
    close()
    say(events, 'e')
    await Promise.resolve()
    expect(got).toEqual(['b', 'c', 'd'])
  })

  it('that are slow lose the oldest and are told how many; others lose none', async () => {
    const { events } = open(null)
    const slow: { text: string; dropped: number }[] = []
    const quick: string[] = []
    let go = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    events.subscribe(async (event, dropped) => {
      slow.push({ text: event.text, dropped })
      await gate
    })
    events.subscribe((event) => void quick.push(event.text))
    for (let at = 0; at < 3000; at++) {
      say(events, String(at))
      if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually('the quick one has all', () => quick.length === 3000)
    go()
    await eventually('the slow one is through', () => slow.at(-1)?.text === '2999')
    expect(slow.slice(0, 2)).toEqual([
      { text: '0', dropped: 0 },
      { text: '2000', dropped: 1999 },
    ])
    expect(slow).toHaveLength(1001)
  })

  it('that throw hurt nobody, and are logged once', async () => {
    const { events, logged } = open(null)
    const got: string[] = []
    events.subscribe(() => {
      throw new Error('no')
    })
    events.subscribe((event) => void got.push(event.text))
    for (const text of ['a', 'b', 'c']) say(events, text)
    await eventually('the other got all', () => got.length === 3)
    expect(logged).toHaveLength(1)
  })
})

describe('the log on disk', () => {
  const linesOf = async (file: string) => (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')

  it('has one JSON line for each event, 0600 even where it was open', async () => {
    const file = join(temp.path, 'events.jsonl')
    await writeFile(file, '{"old":true}\n')
    await chmod(file, 0o644)
    const { events } = open(file)
    say(events, 'one\ntwo')
    say(events, 'three')
    await events.close()
    const lines = await linesOf(file)
    expect(lines.map((line) => (JSON.parse(line) as BerthEvent).text)).toEqual([undefined, 'one\ntwo', 'three'])
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('is two files of bounded size', async () => {
    const file = join(temp.path, 'bounded.jsonl')
    const { events } = open(file, 4096)
    for (let at = 0; at < 200; at++) {
      say(events, `event ${at}`)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await events.close()
    expect((await stat(file)).size).toBeLessThanOrEqual(4096)
    expect((await stat(`${file}.old`)).size).toBeLessThanOrEqual(4096)
    expect((await linesOf(file)).at(-1)).toContain('event 199')
  })

  it.runIf(process.platform === 'linux')('counts what a full disk does not take, says so once, and goes on afterwards', async () => {
    const file = join(temp.path, 'full.jsonl')
    await symlink('/dev/full', file)
    const { events, logged } = open(file)
    for (let at = 0; at < 5; at++) {
      say(events, String(at))
      await eventually('it was tried', () => events.unwritten() === at + 1)
    }
    expect(logged).toHaveLength(1)
    expect(logged[0]).toContain('cannot be written')
    await unlink(file)
    say(events, 'after')
    await events.close()
    expect(await linesOf(file)).toHaveLength(1)
    expect(logged[1]).toBe('info: The event log can be written again; 5 lines are missing in it')
    expect(texts(events.recent({ limit: 100 }).events)).toEqual(['0', '1', '2', '3', '4', 'after'])
  })
})
