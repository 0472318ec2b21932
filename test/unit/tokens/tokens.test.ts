import { chmod, readFile, rm, stat, writeFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { NewEvent } from '../../../shared/events.ts'
import { type Clock, systemClock } from '../../../main/base/clock.ts'
import { openTokens, type Tokens } from '../../../main/house/tokens/tokens.ts'
import { type TempDir, tempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

const master = `e2b_${'1'.repeat(40)}`
let temp: TempDir
let file: string
let made = 0
beforeAll(async () => {
  temp = await tempDir('tokens')
})
afterAll(async () => await temp.remove())
beforeEach(async () => {
  const dir = join(temp.path, String((made += 1)))
  await mkdir(dir)
  file = join(dir, 'tokens.json')
})

const told: NewEvent[] = []
const open = async (clock: Clock = systemClock()): Promise<Tokens> => await openTokens({ file, master, clock, publish: (event) => void told.push(event) })
const agent = (name: string) => ({ name, scope: 'agent' as const, thread_prefix: `${name}-`, user: null })
const onDisk = async () => (JSON.parse(await readFile(file, 'utf8')) as { tokens: Record<string, unknown>[] }).tokens

/** A clock whose timers a test runs by hand. */
function handClock(): Clock & { run(): void; timers: number[] } {
  const due: (() => void)[] = []
  const timers: number[] = []
  return {
    ...systemClock(),
    timers,
    timer: (ms, run) => {
      timers.push(ms)
      due.push(run)
      return { cancel: () => undefined }
    },
    run: () => {
      for (const one of due.splice(0)) one()
    },
  }
}

describe('a named token', () => {
  it('is shown once, kept as a hash, 0600, and known after a restart', async () => {
    const first = await open()
    const { token, ...facts } = await first.add({ name: 'ci', scope: 'agent', thread_prefix: 'ci-', user: 'ann' }, 'client:master')
    expect(token).toMatch(/^e2b_[a-f0-9]{40}$/)
    expect(facts).toMatchObject({ name: 'ci', scope: 'agent', thread_prefix: 'ci-', user: 'ann', last_used_at: null })
    expect(first.list()).toEqual([facts])
    expect(first.identify(token)).toMatchObject({ name: 'ci', scope: 'agent', bounds: { threadPrefix: 'ci-', user: 'ann' } })
    await first.close()
    const text = await readFile(file, 'utf8')
    expect(text).not.toContain(token.slice(4))
    expect(text).not.toContain(master.slice(4))
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const second = await open()
    expect(second.identify(token)).toMatchObject({ name: 'ci', bounds: { threadPrefix: 'ci-', user: 'ann' } })
    expect(second.identify(master)).toMatchObject({ name: 'master', scope: 'operator', bounds: null })
    expect(second.identify(`${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`)).toBeNull()
    await second.close()
  })

  it('that an operator has is without bounds; one of an agent never is', async () => {
    const tokens = await open()
    const boss = await tokens.add({ name: 'boss', scope: 'operator', thread_prefix: null, user: null }, 'x')
    const free = await tokens.add({ name: 'free', scope: 'agent', thread_prefix: null, user: null }, 'x')
    expect(tokens.identify(boss.token)).toMatchObject({ scope: 'operator', bounds: null })
    expect(tokens.identify(free.token)).toMatchObject({ scope: 'agent', bounds: { threadPrefix: '', user: null } })
  })

  it('is gone once it is revoked, and its callers are told in the same tick', async () => {
    const tokens = await open()
    const { token } = await tokens.add(agent('a'), 'x')
    await tokens.add(agent('b'), 'x')
    const caller = tokens.identify(token)
    const revoking = tokens.revoke('a', 'client:boss')
    expect(caller?.revoked.aborted).toBe(true)
    expect(caller?.revoked.reason).toMatchObject({ code: 'UNAUTHORIZED' })
    expect(tokens.identify(token)).toBeNull()
    expect(await revoking).toBe(true)
    expect(await tokens.revoke('a', 'client:boss')).toBe(false)
    expect((await onDisk()).map((it) => it['name'])).toEqual(['b'])
    await tokens.close()
    expect((await open()).identify(token)).toBeNull()
  })

  it('whose names race is made once; all that were made are on disk', async () => {
    const tokens = await open()
    const tries = await Promise.allSettled(['a', 'A', 'b', 'a', 'c', 'd'].map((name) => tokens.add(agent(name), 'x')))
    expect(tries.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    await tokens.revoke('c', 'x')
    await tokens.close()
    expect((await onDisk()).map((it) => it['name'])).toEqual(['a', 'b', 'd'])
  })
})

describe('last use', () => {
  it('is known at once and written behind, however often it is used', async () => {
    const clock = handClock()
    const tokens = await open(clock)
    const { token } = await tokens.add(agent('a'), 'x')
    for (let at = 0; at < 1000; at += 1) tokens.identify(token)
    const used = tokens.list()[0]?.last_used_at
    expect(used).toMatch(/^\d{4}-/)
    expect(clock.timers).toEqual([60_000])
    expect(await onDisk()).toMatchObject([{ last_used_at: null }])
    clock.run()
    await eventually('it is written', async () => (await onDisk())[0]?.['last_used_at'] === used)
    tokens.identify(token)
    expect(clock.timers).toEqual([60_000, 60_000])
    await tokens.close()
    expect(await onDisk()).toMatchObject([{ last_used_at: tokens.list()[0]?.last_used_at }])
  })

  it("a wrong token's and the home's own are nobody's", async () => {
    const clock = handClock()
    const tokens = await open(clock)
    await tokens.add(agent('a'), 'x')
    tokens.identify(master)
    tokens.identify('e2b_0')
    expect(clock.timers).toEqual([])
    expect(tokens.list()[0]?.last_used_at).toBeNull()
  })
})

describe('a disk that does not take it', () => {
  /** A directory in the file's place: nothing can be renamed onto it. */
  const block = async () => {
    await rm(file, { force: true })
    await mkdir(join(file, 'x'), { recursive: true })
  }

  it('a new token that is not on disk is not given out', async () => {
    const tokens = await open()
    await block()
    await expect(tokens.add(agent('a'), 'x')).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
    expect(tokens.list()).toEqual([])
    await rm(file, { recursive: true })
    expect((await tokens.add(agent('a'), 'x')).name).toBe('a')
    await tokens.close()
  })

  it('a revoked one is refused all the same, that it may come back is said, and it is tried again', async () => {
    const clock = handClock()
    const tokens = await open(clock)
    const { token } = await tokens.add(agent('a'), 'x')
    await block()
    await expect(tokens.revoke('a', 'x')).rejects.toMatchObject({ code: 'HOME_UNUSABLE', message: expect.stringContaining('after a restart') })
    expect(tokens.identify(token)).toBeNull()
    await rm(file, { recursive: true })
    clock.run()
    await eventually('it is written', async () => (await onDisk()).length === 0)
    await tokens.close()
  })

  it('a damaged file lets nobody in, is kept aside, and is told of', async () => {
    const before = await open()
    const { token } = await before.add(agent('a'), 'x')
    await before.close()
    for (const text of ['{"tokens":[', '{"tokens":[{"name":"a","scope":"operator"}]}', '[]']) {
      await writeFile(file, text, { mode: 0o600 })
      told.length = 0
      const tokens = await open()
      expect(tokens.identify(token)).toBeNull()
      expect(tokens.identify(master)).not.toBeNull()
      expect(told).toMatchObject([{ type: 'berth.problem', text: expect.stringContaining('tokens.json.broken') }])
      expect(await readFile(`${file}.broken`, 'utf8')).toBe(text)
      await tokens.close()
    }
  })

  it('a file that others could write is closed, and told of', async () => {
    const before = await open()
    await before.add(agent('a'), 'x')
    await before.close()
    await chmod(file, 0o666)
    told.length = 0
    await open()
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(told).toMatchObject([{ text: expect.stringContaining('give themselves a token') }])
  })
})

describe('comparing', () => {
  it('does the same work for one that is right and one that is wrong: one hash of all of it, one compare of equal lengths', async () => {
    // By structure, not by the clock: the source has one compare, of digests, and no other way to tell two tokens apart.
    const source = await readFile(join(import.meta.dirname, '../../../main/house/tokens/tokens.ts'), 'utf8')
    const body = /identify\(presented\) \{([\s\S]*?)\n {4}\},/.exec(source)?.[1] ?? ''
    expect(body.match(/timingSafeEqual\(/g)).toHaveLength(1)
    expect(body.match(/digestOf\(presented\)/g)).toHaveLength(1)
    expect(body.match(/presented/g)).toHaveLength(1)
    expect(body.indexOf('return')).toBeGreaterThan(body.indexOf('timingSafeEqual('))
    expect(body).not.toMatch(/startsWith|===|==|localeCompare|indexOf|includes/)
  })

  it('takes any text without failing', async () => {
    const tokens = await open()
    for (const text of ['', '\0', 'x'.repeat(1_000_000), '\ud800', 'é', '[object Object]']) expect(tokens.identify(text)).toBeNull()
  })
})
