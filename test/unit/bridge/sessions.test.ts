import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeLifeMs, type LoginCodes, openSessions, safeName, type Sessions, ticketStore } from '../../../main/house/tokens/sessions.ts'
import { type Clock, systemClock } from '../../../main/base/clock.ts'
import { openTokens, type Tokens } from '../../../main/house/tokens/tokens.ts'
import type { NewEvent } from '../../../shared/events.ts'
import { type TempDir, tempDir } from '../../support/temp-dir.ts'

const day = 24 * 3_600_000
let temp: TempDir
let tokens: Tokens
let ahead: number
let told: NewEvent[]
const publish = (event: NewEvent) => void told.push(event)
/** The machine's clocks, `ahead` of themselves. */
const clock: Clock = { ...systemClock(), now: () => performance.now() + ahead, wall: () => Date.now() + ahead }

async function open(codes?: LoginCodes): Promise<Sessions> {
  tokens = await openTokens({ file: join(temp.path, 'tokens.json'), master: `e2b_${'1'.repeat(40)}`, clock, publish })
  return openSessions({ kept: tokens.sessions, clock, publish, ...(codes ? { codes } : {}) })
}

beforeEach(async () => {
  temp = await tempDir('sessions')
  ahead = 0
  told = []
})
afterEach(async () => {
  await tokens.close()
  await temp.remove()
})

describe('a login link', () => {
  it('lets one browser in, once', async () => {
    const sessions = await open()
    const { code } = sessions.code()
    const { key, session } = await sessions.open(code, 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36')
    expect(session.agent).toBe('Chrome 150 on Linux')
    expect(sessions.authenticate(key)).toMatchObject({ session: session.id, caller: { scope: 'operator', bounds: null } })
    await expect(sessions.open(code, '')).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('is good for 5 minutes, and two links are two', async () => {
    const sessions = await open()
    const [first, second] = [sessions.code().code, sessions.code().code]
    ahead = codeLifeMs - 1000
    await sessions.open(first, '')
    ahead = codeLifeMs + 1
    await expect(sessions.open(second, '')).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('has at least 128 bits, and is nowhere kept as it is', async () => {
    const codes: LoginCodes = new Map()
    const sessions = await open(codes)
    const made = Array.from({ length: 20 }, () => sessions.code().code)
    expect(new Set(made).size).toBe(20)
    for (const code of made) expect(Buffer.from(code, 'base64url').byteLength).toBeGreaterThanOrEqual(16)
    expect(JSON.stringify([...codes])).not.toContain(made[0])
    // The oldest makes room, the newest never does.
    const last = sessions.code().code
    await expect(sessions.open(made[0]!, '')).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    await sessions.open(last, '')
  })

  it('outlives an engine that starts anew in its process', async () => {
    const codes: LoginCodes = new Map()
    const { code } = (await open(codes)).code()
    await tokens.close()
    await (await open(codes)).open(code, '')
  })

  it('that somebody guesses at is told of, and lets the right one in all the same', async () => {
    const sessions = await open()
    const { code } = sessions.code()
    for (let tried = 0; tried < 30; tried += 1) await expect(sessions.open(`${'x'.repeat(31)}${tried}`, '')).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    expect(told.filter(({ type }) => type === 'session.refused')).toHaveLength(1)
    await sessions.open(code, '')
    ahead = 61_000
    for (let tried = 0; tried < 10; tried += 1) await expect(sessions.open('another wrong one', '')).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    expect(told.filter(({ type }) => type === 'session.refused')).toHaveLength(2)
  })
})

describe('a session', () => {
  it('is kept over a restart as a hash beside the named tokens, and is none of them', async () => {
    const sessions = await open()
    const { key, session } = await sessions.open(sessions.code().code, '')
    await tokens.close()
    const kept = await readFile(join(temp.path, 'tokens.json'), 'utf8')
    expect(kept).toContain(session.id)
    expect(kept).not.toContain(key)
    const later = await open()
    expect(later.authenticate(key)?.session).toBe(session.id)
    expect(later.all().map(({ id }) => id)).toEqual([session.id])
    expect(tokens.list()).toEqual([])
    expect(tokens.identify(key)).toBeNull()
    expect(JSON.stringify([later.all(), told])).not.toMatch(/hash|bu_/)
  })

  it('ends when it was not seen for 30 days, and not before', async () => {
    const sessions = await open()
    const { key } = await sessions.open(sessions.code().code, '')
    ahead = 29 * day
    const { session } = sessions.authenticate(key)!
    sessions.connected(session!, 1)
    ahead = 58 * day
    expect(sessions.authenticate(key)).not.toBeNull()
    ahead = 60 * day
    expect(sessions.authenticate(key)).toBeNull()
    await tokens.close()
    expect((await open()).all()).toEqual([])
  })

  it('that is ended ends what it has open, is gone from the file, and is told of', async () => {
    const sessions = await open()
    const { key, session } = await sessions.open(sessions.code().code, '')
    const { caller } = sessions.authenticate(key)!
    sessions.connected(session.id, 1)
    expect(sessions.all()[0]?.connected).toBe(true)
    let changes = 0
    sessions.onChange(() => (changes += 1))
    expect(await sessions.end(session.id, 'client:master')).toBe(true)
    expect(caller.revoked.aborted).toBe(true)
    expect(changes).toBe(1)
    // Its page closes after it.
    sessions.connected(session.id, -1)
    expect(sessions.authenticate(key)).toBeNull()
    expect(await sessions.end(session.id, 'client:master')).toBe(false)
    expect(told.at(-1)).toMatchObject({ type: 'session.ended', who: 'client:master' })
    expect(await readFile(join(temp.path, 'tokens.json'), 'utf8')).not.toContain(session.id)
  })
})

describe('a ticket', () => {
  const ticket = { sandbox: 'a'.repeat(16), path: '/x', name: 'x', direction: 'download' as const, who: 'session:1' }

  it('is taken once, in its direction, within 30 s', async () => {
    await open()
    const store = ticketStore(clock)
    const [one, two, three] = [store.issue(ticket).secret, store.issue(ticket).secret, store.issue(ticket).secret]
    expect(store.take(one, 'upload')).toBeNull()
    expect(store.take(one, 'download')).toEqual(ticket)
    expect(store.take(one, 'download')).toBeNull()
    expect(store.take('', 'download')).toBeNull()
    ahead = 29_000
    expect(store.take(two, 'download')).toEqual(ticket)
    ahead = 30_001
    expect(store.take(three, 'download')).toBeNull()
    expect(Buffer.from(one, 'base64url').byteLength).toBe(32)
  })

  it('goes with the session that asked for it', async () => {
    await open()
    const store = ticketStore(clock)
    const [mine, other] = [store.issue(ticket).secret, store.issue({ ...ticket, who: 'session:2' }).secret]
    store.drop('session:1')
    expect(store.take(mine, 'download')).toBeNull()
    expect(store.take(other, 'download')).not.toBeNull()
  })

  it.each([
    ['/mnt/user-data/outputs/report.pdf', 'report.pdf'],
    ['/tmp/a\u202egpj.exe', 'agpj.exe'],
    ['/tmp/a\r\nset-cookie: x=1', 'aset-cookie_ x=1'],
    ['/tmp/bidi\u2066iso\u2069\u200b.txt', 'bidiiso.txt'],
    ['/tmp/..', 'file'],
    ['/tmp/C:\\x"y', 'C__x_y'],
    ['/tmp/Grüße 北京.txt', 'Grüße 北京.txt'],
    ['/', 'file'],
  ])('for %j is named %j on disk', (path, name) => {
    expect(safeName(path)).toBe(name)
  })
})
