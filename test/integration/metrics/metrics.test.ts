import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestBridge, type TestBridge, testToken } from '../../support/bridge.ts'
import { type House, openHouse } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { eventually } from '../../support/wait.ts'

/** Prometheus' text format, read back strictly: every line fits, every sample belongs to the family above it. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  let family = ''
  const seen = new Set<string>()
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.slice(0, -1).split('\n')) {
    const type = /^# TYPE ([a-z_0-9]+) (?:counter|gauge|histogram)$/.exec(line)
    if (type) {
      family = type[1] ?? ''
      expect(seen.has(family), `${family} is there twice`).toBe(false)
      seen.add(family)
    }
    if (line.startsWith('#')) {
      expect(line).toMatch(/^# (?:HELP [a-z_0-9]+ .+|TYPE [a-z_0-9]+ (?:counter|gauge|histogram))$/)
      continue
    }
    const [, name, labels, value] = /^([a-z_0-9]+)(\{(?:[a-z]+="[^"\\]*",?)+\})? (\+Inf|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/.exec(line) ?? []
    expect(name, line).toBeDefined()
    expect(name?.replace(/_(?:bucket|sum|count)$/, '') === family || name === family, line).toBe(true)
    expect(samples.has(`${name}${labels ?? ''}`), line).toBe(false)
    samples.set(`${name}${labels ?? ''}`, Number(value))
  }
  return samples
}

async function scrape(url: string, token: string): Promise<Map<string, number>> {
  // As Prometheus' basic_auth sends it.
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Basic ${btoa(`prometheus:${token}`)}` } })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return parse(await answer.text())
}

describe('/metrics', () => {
  let house: TestBridge
  beforeAll(async () => {
    house = await openTestBridge()
  })
  afterAll(async () => await house.close())
  const get = async (path: string, init: RequestInit = {}) => await fetch(house.bridge.url + path, init)
  const key = { 'x-api-key': testToken, 'content-type': 'application/json' }

  it('needs an operator, and a GET', async () => {
    const { token } = await house.tokens.add({ name: 'agent', scope: 'agent', thread_prefix: null, user: null }, 'x')
    expect((await get('/metrics')).status).toBe(401)
    expect((await get('/metrics', { headers: { 'x-api-key': token } })).status).toBe(403)
    expect((await get('/metrics', { method: 'POST', headers: key })).status).toBe(405)
    expect((await get('/metrics/', { headers: key })).status).toBe(404)
  })

  it('counts requests by class of status, and those whose caller left', async () => {
    const before = await scrape(house.bridge.url, testToken)
    await get('/berth/v1/list', { headers: key })
    await get('/berth/v1/list')
    await get('/berth/v1/acquire', { method: 'POST', headers: key, body: '{"thread":"broken"}' })
    const leaving = new AbortController()
    const left = get('/berth/v1/acquire', { method: 'POST', headers: key, body: '{"thread":"slow"}', signal: leaving.signal }).catch(() => 'left')
    await eventually('it waits', () => house.provider.did.some((it) => it.startsWith('acquire slow')))
    leaving.abort()
    expect(await left).toBe('left')
    const after = await eventually('all are counted', async () => {
      const now = await scrape(house.bridge.url, testToken)
      return now.get('berth_http_requests_total{status="aborted"}') === 1 ? now : undefined
    })
    const more = (status: string) =>
      (after.get(`berth_http_requests_total{status="${status}"}`) ?? 0) - (before.get(`berth_http_requests_total{status="${status}"}`) ?? 0)
    expect(more('4xx')).toBe(1)
    expect(more('5xx')).toBe(1)
    expect(more('2xx')).toBeGreaterThanOrEqual(2)
    expect(after.get('berth_acquire_failures_total{code="INTERNAL"}')).toBe(1)
    expect(after.get('berth_acquire_failures_total{code="CANCELLED"}')).toBe(1)
  })

  it('counts what slow readers of events lost', async () => {
    const before = (await scrape(house.bridge.url, testToken)).get('berth_events_dropped_total{to="subscriber"}') ?? Number.NaN
    const stop = Promise.withResolvers<void>()
    const reading = house.events.subscribe(() => stop.promise)
    for (let at = 0; at < 1500; at += 1) {
      house.events.publish({ type: 'berth.problem', who: 'berth:test', text: 'x' })
      if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    stop.resolve()
    reading.close()
    const after = (await scrape(house.bridge.url, testToken)).get('berth_events_dropped_total{to="subscriber"}') ?? Number.NaN
    expect(after - before).toBe(499)
  })
})

needs('docker', 'lite-image').describe('/metrics of a real house', () => {
  let house: House
  beforeAll(async () => {
    house = await openHouse({ sandbox: { replicas: 2 } })
  })
  afterAll(async () => await house.close())

  it('tells which way acquires went, who was evicted and lost, and how the house is', async () => {
    const { engine } = house
    const token = (await engine.call('token_add', { name: 'prometheus', scope: 'operator' })).token
    await engine.call('acquire', { thread: 'a' })
    await engine.call('acquire', { thread: 'a' })
    await engine.call('release', { thread: 'a' })
    await engine.call('acquire', { thread: 'a' })
    await engine.call('release', { thread: 'a' })
    const b = await engine.call('acquire', { thread: 'b' })
    await engine.call('acquire', { thread: 'c' })
    await house.docker.getContainer(b.container ?? '').remove({ force: true })
    await eventually('its loss is known', async () => (await engine.call('get', { thread: 'b' })).status === 'failed')
    expect((await engine.call('acquire', { thread: 'b' })).was_replaced).toBe(true)
    const figures = await scrape(engine.url, token)
    const count = (path: string) => figures.get(`berth_acquire_seconds_count{path="${path}"}`)
    expect([count('cold'), count('reuse'), count('warm')]).toEqual([4, 1, 1])
    expect(figures.get('berth_acquire_seconds_sum{path="cold"}')).toBeGreaterThan(figures.get('berth_acquire_seconds_sum{path="reuse"}') ?? Number.NaN)
    expect(figures.get('berth_sandboxes_ended_total{cause="evicted"}')).toBe(1)
    expect(figures.get('berth_sandboxes_ended_total{cause="lost"}')).toBe(1)
    expect(figures.get('berth_sandboxes_ended_total{cause="reaped"}')).toBe(0)
    expect(figures.get('berth_replacements_told_total')).toBe(1)
    expect(figures.get('berth_sandboxes{state="active"}')).toBe(2)
    expect(figures.get('berth_places')).toBe(2)
    expect(figures.get('berth_acquires_waiting')).toBe(0)
    expect(figures.get('process_resident_memory_bytes')).toBeGreaterThan(1e7)
  })
})
