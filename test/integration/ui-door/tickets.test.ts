import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { rss } from '../../bench/footprint.ts'
import { startRig, type Rig } from '../../bench/rig.ts'
import { needs, type Part } from '../../support/parts.ts'
import { eventually } from '../../support/wait.ts'

const size = 200 * 1024 * 1024
/** MiB. A transfer that was held in memory would be 200 of them; what the collector has not come to yet is less. */
const allowance = 60
const piece = Buffer.alloc(65_536, 7)

/** The heaviest that a process was while `work` went on, MiB. */
async function peak(pid: number, work: () => Promise<unknown>): Promise<number> {
  let most = 0
  let going = true
  const watching = (async () => {
    while (going) {
      most = Math.max(most, await rss(pid))
      await sleep(20)
    }
  })()
  try {
    await work()
  } finally {
    going = false
    await watching
  }
  return most
}

const backends: [string, Part[]][] = [
  ['embedded', ['bubblewrap']],
  ['docker', ['docker', 'lite-image']],
]
for (const [backend, parts] of backends) {
  needs(...parts).describe(`tickets, with backend ${backend}`, () => {
    let rig: Rig
    beforeAll(async () => {
      rig = await startRig('tickets', `backend: ${backend}\nsandbox:\n  container_prefix: btick${process.pid}\n`)
      await rig.client.call('acquire', { thread: 't' })
    })
    afterAll(async () => await rig.close())

    const exec = async (command: string) => (await rig.client.call('exec', { thread: 't', command })).stdout
    const ticket = (direction: 'download' | 'upload', path: string) => rig.client.call('ticket', { thread: 't', direction, path })
    const at = (path: string) => `${rig.client.url}${path}`

    async function download(path: string): Promise<{ status: number; bytes: number; headers: Headers }> {
      const answer = await fetch(at((await ticket('download', path)).path))
      let bytes = 0
      for await (const part of answer.body ?? []) bytes += (part as Uint8Array).byteLength
      return { status: answer.status, bytes, headers: answer.headers }
    }

    /** `count` pieces; with `announced` the length is known beforehand, as a browser does. */
    async function upload(path: string, count: number, announced: boolean): Promise<{ status: number; body: Record<string, unknown> }> {
      const sent = httpRequest(at((await ticket('upload', path)).path), { method: 'PUT', headers: announced ? { 'content-length': count * piece.length } : {} })
      const answered = (once(sent, 'response') as Promise<[IncomingMessage]>).then(async ([answer]) => ({ answer, text: (await answer.toArray()).join('') }))
      const sending = (async () => {
        for (let n = 0; n < count; n += 1) if (!sent.write(piece)) await Promise.race([once(sent, 'drain'), answered])
        sent.end()
      })()
      const { answer, text } = await answered
      await sending
      return { status: answer.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> }
    }

    it('carry 200 MB each way, byte for byte, with flat memory', async () => {
      await exec(`head -c ${size} /dev/urandom > /mnt/user-data/workspace/large`)
      const down = async () => expect(await download('/mnt/user-data/workspace/large')).toMatchObject({ status: 200, bytes: size })
      const up = async (announced: boolean) =>
        expect(await upload('/mnt/user-data/uploads/up', size / piece.length, announced)).toEqual({
          status: 200,
          body: { path: '/mnt/user-data/uploads/up', size },
        })
      // Buffers wait for the collector, so there is a level that a first transfer reaches. It must not be one that grows.
      const first = Math.max(await peak(rig.pid, down), await peak(rig.pid, () => up(true)))
      const later = [await peak(rig.pid, down), await peak(rig.pid, () => up(false)), await peak(rig.pid, () => Promise.all([down(), up(true)]))]
      expect(Math.max(...later) - first, `first ${first}, then ${later.join(', ')} MiB`).toBeLessThan(allowance)
      expect(
        await exec(
          `stat -c %s /mnt/user-data/uploads/up; tr -d '\\007' < /mnt/user-data/uploads/up | wc -c; rm /mnt/user-data/uploads/up /mnt/user-data/workspace/large`,
        ),
      ).toBe(`${size}\n0\n`)
    })

    it('are for one file, one way, once', async () => {
      await exec(`echo one > /mnt/user-data/workspace/one`)
      const it = await ticket('download', '/mnt/user-data/workspace/one')
      // A look uses nothing up.
      expect((await fetch(at(it.path), { method: 'HEAD' })).status).toBe(200)
      expect((await fetch(at(it.path), { method: 'PUT', body: 'x' })).status).toBe(401)
      const got = await fetch(at(it.path))
      expect([got.status, await got.text()]).toEqual([200, 'one\n'])
      expect((await fetch(at(it.path))).status).toBe(401)
      expect((await fetch(at(`${it.path}x`))).status).toBe(401)
      expect(await exec('cat /mnt/user-data/workspace/one')).toBe('one\n')
    })

    it('are no page: an attachment under a name that hides nothing', async () => {
      const nasty = '/mnt/user-data/outputs/a\u202egpj."html'
      await exec(`printf '<script>1</script>' > '${nasty}'; : > /mnt/user-data/outputs/empty`)
      const { headers, bytes, status } = await download(nasty)
      expect([status, bytes]).toEqual([200, 18])
      expect(headers.get('content-disposition')).toBe(`attachment; filename="agpj._html"; filename*=UTF-8''agpj._html`)
      expect(headers.get('content-type')).toBe('application/octet-stream')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-length')).toBe('18')
      expect(await download('/mnt/user-data/outputs/empty')).toMatchObject({ status: 200, bytes: 0 })
      expect(await upload('/mnt/user-data/outputs/nothing', 0, true)).toMatchObject({ status: 200, body: { size: 0 } })
    })

    it('are refused for what is not there, with the reason', async () => {
      await expect(ticket('download', '/mnt/user-data/workspace/none')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
      await expect(ticket('download', '/mnt/user-data/workspace')).rejects.toMatchObject({ code: 'FILE_FAILED' })
      await expect(rig.client.call('ticket', { thread: 'nobody', direction: 'download', path: '/x' })).rejects.toMatchObject({ code: 'SANDBOX_NOT_FOUND' })
      // Refused by the sandbox, which may do so before it has read all of it.
      for (const announced of [true, false]) {
        const refused = await upload('/proc/none/there', 400, announced)
        expect(refused.status, JSON.stringify(refused.body)).toBeGreaterThanOrEqual(400)
        expect(refused.body).toMatchObject({ error: { code: expect.stringMatching(/^FILE_/) as unknown } })
      }
      expect((await rig.client.call('status', {})).pid).toBe(rig.pid)
    })

    it('that are broken off leave no half file, and the old one as it was', async () => {
      await exec('echo old > /mnt/user-data/uploads/kept')
      for (const announced of [true, false]) {
        const sent = httpRequest(at((await ticket('upload', '/mnt/user-data/uploads/kept')).path), {
          method: 'PUT',
          headers: announced ? { 'content-length': 100 * piece.length } : {},
        })
        sent.on('error', () => undefined)
        for (let n = 0; n < 50; n += 1) sent.write(piece)
        await eventually('some of it is there', async () => (await exec('ls -A /mnt/user-data/uploads')).includes('.upload-'))
        sent.destroy()
        await eventually('nothing of it is left', async () => (await exec('ls -A /mnt/user-data/uploads')) === 'kept\n')
      }
      expect(await exec('cat /mnt/user-data/uploads/kept')).toBe('old\n')
    })

    it('end as a failure, not as a shorter file, when the sandbox or the client goes', async () => {
      await exec(`head -c ${size} /dev/zero > /mnt/user-data/workspace/large`)
      const left = await fetch(at((await ticket('download', '/mnt/user-data/workspace/large')).path))
      await left.body!.cancel()
      const answer = await fetch(at((await ticket('download', '/mnt/user-data/workspace/large')).path))
      const reader = answer.body!.getReader()
      await reader.read()
      await rig.client.call('destroy', { thread: 't' })
      await expect(
        (async () => {
          while (!(await reader.read()).done);
        })(),
      ).rejects.toThrow()
      // And Berth goes on.
      expect((await rig.client.call('status', {})).pid).toBe(rig.pid)
      await rig.client.call('acquire', { thread: 't' })
      await exec('rm -f /mnt/user-data/workspace/large')
    })
  })
}
