import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { openHouse, type House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { eventually, within } from '../../support/wait.ts'

const idleSeconds = 2
const execAnswer = z.object({ data: z.object({ status: z.string(), stdout: z.string().nullable(), command_id: z.string() }) })

async function exec(url: string, body: Record<string, unknown>): Promise<z.infer<typeof execAnswer>['data']> {
  const answer = await fetch(`${url}/v1/bash/exec`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`exec answered ${answer.status}: ${text}`)
  return execAnswer.parse(JSON.parse(text)).data
}

needs('docker', 'lite-image').describe('the sandbox port before real containers', () => {
  let house: House
  beforeAll(async () => {
    house = await openHouse({ sandbox: { idle_timeout: idleSeconds, replicas: 10 } })
  })
  afterAll(async () => await house.close())

  const acquire = (thread: string) => house.engine.call('acquire', { thread })
  const statusOf = async (thread: string) =>
    await house.engine.call('get', { thread }).then(
      (it) => it.status,
      () => 'gone',
    )

  it('is what acquire hands out, with nothing else needed, and no one else is told the secret', async () => {
    const got = await acquire('plain')
    expect(got.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/s\/[a-f0-9]{16}\.[a-f0-9]{32}$/)
    expect(got.headers).toEqual({})
    expect((await exec(got.url ?? '', { command: 'echo through' })).stdout).toBe('through\n')
    const seen = await house.engine.call('get', { thread: 'plain' })
    const secret = got.url?.split('.').at(-1) ?? 'none'
    expect(seen.url).toBe(got.url?.replace(`.${secret}`, ''))
    expect(JSON.stringify([seen, await house.engine.call('list', {}), await house.engine.call('events', {})])).not.toContain(secret)
  })

  it('ends a client with an error when the sandbox is killed within a stream, and keeps the address for the next one', async () => {
    const got = await acquire('killed')
    const url = got.url ?? ''
    await exec(url, { command: 'head -c 300000000 /dev/zero > /tmp/large' })
    const stream = await fetch(`${url}/v1/file/download?path=/tmp/large`)
    const reader = stream.body?.getReader()
    await reader?.read()
    const waiting = exec(url, { command: 'sleep 600' }).then(
      () => 'an answer',
      (error: unknown) => String(error),
    )
    await eventually('both are under way', async () => (await house.engine.call('get', { thread: 'killed' })).status === 'active')
    await sleep(300)
    await house.docker.getContainer(house.nameOf('killed')).kill()
    const drained = (async () => {
      for (;;) if ((await reader?.read())?.done) return 'the whole'
    })()
    await expect(within(20_000, 'the end of the stream', drained)).rejects.toThrow()
    expect(await within(20_000, 'the end of the command', waiting)).toMatch(/502|SANDBOX_LOST|fetch failed|terminated/)
    const missing = await fetch(`${url}/v1/sandbox`)
    expect([502, 503]).toContain(missing.status)
    expect(await missing.text()).toMatch(/"code":"SANDBOX_(LOST|UNREACHABLE)"/)
    const again = await acquire('killed')
    expect(again.url).toBe(url)
    expect(again.container).not.toBe(got.container)
    expect((await exec(url, { command: 'echo again' })).stdout).toBe('again\n')
  })

  it('keeps a sandbox while bytes flow to its client', async () => {
    const { url } = await acquire('flowing')
    await exec(url ?? '', { command: 'head -c 100000000 /dev/zero > /tmp/large' })
    const stream = await fetch(`${url}/v1/file/download?path=/tmp/large`)
    const reader = stream.body?.getReader()
    const until = performance.now() + idleSeconds * 3500
    while (performance.now() < until) {
      expect((await reader?.read())?.done).toBe(false)
      await sleep(50)
      expect(await statusOf('flowing')).toBe('active')
    }
    await reader?.cancel()
    await eventually('it runs out afterwards', async () => (await statusOf('flowing')) !== 'active', { every: 100 })
  })

  it('keeps a sandbox while its client sends', async () => {
    const { url } = await acquire('sending')
    const request = httpRequest(`${url}/v1/file/upload?path=/tmp/up`, { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=b' } })
    const answered = once(request, 'response')
    request.write('--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n')
    for (let n = 0; n < idleSeconds * 7; n += 1) {
      request.write('x'.repeat(1000))
      await sleep(500)
      expect(await statusOf('sending')).toBe('active')
    }
    request.end('\r\n--b--\r\n')
    const [response] = (await answered) as [{ statusCode: number }]
    expect(response.statusCode).toBe(200)
  })

  it('keeps a sandbox while a command runs, waited for or not', async () => {
    const [waited, left] = await Promise.all([acquire('waited'), acquire('left')])
    const command = `sleep ${idleSeconds * 3.5}; echo done`
    const answer = exec(waited.url ?? '', { command })
    const begun = await exec(left.url ?? '', { command, async_mode: true })
    expect(begun.status).toBe('running')
    const until = performance.now() + idleSeconds * 3000
    while (performance.now() < until) {
      await sleep(200)
      expect([await statusOf('waited'), await statusOf('left')]).toEqual(['active', 'active'])
    }
    expect((await answer).stdout).toBe('done\n')
    await eventually('both run out afterwards', async () => (await statusOf('waited')) !== 'active' && (await statusOf('left')) !== 'active', { every: 100 })
  })

  it('lets a sandbox go over which only probes come, and an idle WebSocket', async () => {
    const [probed, open, direct] = await Promise.all([acquire('probed'), acquire('open'), acquire('direct')])
    const socket = new WebSocket(`${(open.url ?? '').replace('http', 'ws')}/v1/shell/ws`)
    await within(10_000, 'the terminal', new Promise((resolve) => socket.addEventListener('message', resolve, { once: true })))
    expect(direct.url).not.toBeNull()
    let probes = 0
    await eventually(
      'all are let go',
      async () => {
        probes += (await fetch(`${probed.url}/v1/sandbox`)).ok ? 1 : 0
        return (await Promise.all(['probed', 'open', 'direct'].map(statusOf))).every((status) => status !== 'active')
      },
      { every: 200 },
    )
    expect(probes).toBeGreaterThan(3)
    socket.close()
  })

  it('keeps one in whose terminal somebody types', async () => {
    const { url } = await acquire('typing')
    const socket = new WebSocket(`${(url ?? '').replace('http', 'ws')}/v1/shell/ws`)
    await within(10_000, 'the terminal', new Promise((resolve) => socket.addEventListener('message', resolve, { once: true })))
    for (let n = 0; n < idleSeconds * 6; n += 1) {
      socket.send(JSON.stringify({ type: 'input', data: 'x' }))
      await sleep(500)
      expect(await statusOf('typing')).toBe('active')
    }
    socket.close()
  })

  it('wakes a frozen one', async () => {
    const { url } = await acquire('frozen')
    await house.docker.getContainer(house.nameOf('frozen')).pause()
    await eventually('it is noticed', async () => (await house.docker.getContainer(house.nameOf('frozen')).inspect()).State.Paused)
    expect((await exec(url ?? '', { command: 'echo awake' })).stdout).toBe('awake\n')
  })

  it('has another address after a destroy and after a rotation, which ends what runs', async () => {
    const first = await acquire('ended')
    await house.engine.call('destroy', { thread: 'ended' })
    const second = await acquire('ended')
    expect(second.url).not.toBe(first.url)
    expect((await fetch(`${first.url}/v1/sandbox`)).status).toBe(404)
    const running = exec(second.url ?? '', { command: 'sleep 100' }).then(
      () => 'an answer',
      (error: unknown) => String(error),
    )
    await sleep(300)
    expect(await house.engine.call('rotate', { thread: 'ended' })).toEqual({ id: second.id })
    expect(await within(10_000, 'the end', running)).not.toBe('an answer')
    expect((await fetch(`${second.url}/v1/sandbox`)).status).toBe(404)
    const third = await acquire('ended')
    expect(third.container).toBe(second.container)
    expect((await exec(third.url ?? '', { command: 'echo third' })).stdout).toBe('third\n')
  })
})

needs('docker', 'lite-image').describe('a restart', () => {
  it('leaves addresses as they were: same port, same secret, over a new container too, and rotated ones rotated', async () => {
    const first = await openHouse({ config: 'on_exit: keep' })
    try {
      const kept = await first.engine.call('acquire', { thread: 'kept' })
      const rotated = await first.engine.call('acquire', { thread: 'rotated' })
      await first.engine.call('rotate', { thread: 'rotated' })
      const token = (await import('node:fs/promises')).readFile(`${first.home}/token`, 'utf8')
      const second = await first.reopen()
      try {
        // At once: what is found again is waited for.
        expect((await exec(kept.url ?? '', { command: 'echo kept' })).stdout).toBe('kept\n')
        const withToken = await fetch(`${kept.url?.split('.').slice(0, -1).join('.')}/v1/sandbox`, {
          headers: { authorization: `Bearer ${(await token).trim()}` },
        })
        expect(withToken.status).toBe(200)
        expect((await fetch(`${rotated.url}/v1/sandbox`)).status).toBe(404)
        expect((await second.engine.call('acquire', { thread: 'kept' })).url).toBe(kept.url)
      } finally {
        await second.close()
      }
    } finally {
      await first.close()
    }
  })

  it('`direct` hands out the container itself, with its key', async () => {
    const house = await openHouse({ config: 'bridge:\n  sandbox_url: direct' })
    try {
      const got = await house.engine.call('acquire', { thread: 'd' })
      expect(got.url).not.toContain('/s/')
      expect((await fetch(`${got.url}/v1/sandbox`, { headers: got.headers })).status).toBe(200)
      expect((await fetch(`${got.url}/v1/sandbox`)).status).toBe(401)
    } finally {
      await house.close()
    }
  })
})
