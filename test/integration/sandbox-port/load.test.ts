import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { rss } from '../../bench/footprint.ts'
import { startRig, type Rig } from '../../bench/rig.ts'
import { needs } from '../../support/parts.ts'
import { eventually, within } from '../../support/wait.ts'

const size = 100 * 1024 * 1024
/** MiB. One transfer that was held in memory would be 100 of them; what the collector has not come to yet is less. */
const allowance = 60

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

needs('docker', 'lite-image').describe('a Berth of its own, under load', () => {
  let rig: Rig
  let url: string
  beforeAll(async () => {
    rig = await startRig('load', `backend: docker\nsandbox:\n  container_prefix: bload${process.pid}\n  environment:\n    MAX_SHELL_SESSIONS: "300"\n`)
    url = (await rig.client.call('acquire', { thread: 'load' })).url ?? ''
  })
  afterAll(async () => await rig.close())

  async function exec(command: string): Promise<string> {
    return (await rig.client.call('exec', { thread: 'load', command })).stdout
  }

  async function download(): Promise<number> {
    const answer = await fetch(`${url}/v1/file/download?path=/tmp/large`)
    let got = 0
    for await (const part of answer.body ?? []) got += (part as Uint8Array).byteLength
    return got
  }

  async function upload(chunked: boolean): Promise<number | undefined> {
    const head = Buffer.from('--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n')
    const tail = Buffer.from('\r\n--b--\r\n')
    const sent = httpRequest(`${url}/v1/file/upload?path=/tmp/up`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=b', ...(chunked ? {} : { 'content-length': head.length + size + tail.length }) },
    })
    const answered = once(sent, 'response')
    const piece = Buffer.alloc(65_536, 7)
    await pipeline(
      Readable.from(
        (function* () {
          yield head
          for (let n = 0; n < size / piece.length; n += 1) yield piece
          yield tail
        })(),
      ),
      sent,
    )
    const [response] = (await answered) as [IncomingMessage]
    response.resume()
    return response.statusCode
  }

  it('passes on 100 MB each way, byte for byte, with flat memory', async () => {
    await exec(`head -c ${size} /dev/urandom > /tmp/large`)
    const down = async () => expect(await download()).toBe(size)
    const up = async () => expect(await upload(true)).toBe(200)
    const both = async (chunked: boolean) => {
      await down()
      expect(await upload(chunked)).toBe(200)
    }
    // Buffers wait for the collector, so there is a level that a first transfer reaches. It must not be one that grows.
    const first = Math.max(await peak(rig.pid, () => both(false)), await peak(rig.pid, () => both(true)))
    const later = [await peak(rig.pid, down), await peak(rig.pid, up), await peak(rig.pid, () => both(true))]
    expect(Math.max(...later) - first, `first ${first}, then ${later.join(', ')} MiB`).toBeLessThan(allowance)
    expect(await exec(`stat -c %s /tmp/up; tr -d '\\007' < /tmp/up | wc -c`)).toBe(`${size}\n0\n`)
  })

  it('holds 200 WebSockets at once, each with a terminal of its own', async () => {
    const sockets: WebSocket[] = []
    const open = async (n: number): Promise<void> => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/shell/ws`)
      sockets.push(socket)
      const ready = Promise.withResolvers<void>()
      let output = ''
      socket.addEventListener('message', ({ data }) => {
        const message = JSON.parse(String(data)) as { type: string; data?: string }
        if (message.type === 'output') output += message.data ?? ''
        if (output.includes(`<${n * 7}>`)) ready.resolve()
      })
      socket.addEventListener('close', () => ready.reject(new Error(`terminal ${n} closed`)))
      await within(60_000, `terminal ${n} opens`, new Promise((resolve) => socket.addEventListener('open', resolve, { once: true })))
      socket.send(JSON.stringify({ type: 'input', data: `echo "<$((${n} * 7))>"\n` }))
      await within(60_000, `terminal ${n} answers`, ready.promise)
    }
    for (let n = 0; n < 200; n += 20) await Promise.all(Array.from({ length: 20 }, (_, at) => open(n + at + 1)))
    expect(sockets.filter((socket) => socket.readyState === WebSocket.OPEN)).toHaveLength(200)
    for (const socket of sockets) socket.close()
    await eventually('all are closed', () => sockets.every((socket) => socket.readyState === WebSocket.CLOSED))
    expect((await fetch(`${url}/v1/sandbox`)).status).toBe(200)
  })
})
