import { randomBytes } from 'node:crypto'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSandboxServer, until } from './support.ts'
import type { Body, Running } from './support.ts'

let server: Running
beforeAll(async () => {
  server = await startSandboxServer()
})
afterAll(() => server.close())

const at = (name: string): string => join(server.home, name)
const upload = async (form: FormData): Promise<{ status: number; body: Body }> => {
  const response = await fetch(`${server.url}/v1/file/upload`, { method: 'POST', body: form })
  return { status: response.status, body: (await response.json()) as Body }
}

describe('upload', () => {
  test.each([
    ['file first', true],
    ['path first', false],
  ])('%s, bytes that look like a boundary', async (_name, first) => {
    const content = Buffer.concat([Buffer.from('\r\n--\r\n------\r\n'), randomBytes(300_000), Buffer.from('\r\n-')])
    const form = new FormData()
    if (!first) form.append('path', at('up/x.bin'))
    form.append('file', new Blob([content]), 'blob')
    if (first) form.append('path', at('up/x.bin'))
    expect(await upload(form)).toMatchObject({
      status: 200,
      body: { success: true, data: { file_path: at('up/x.bin'), file_size: content.length, success: true } },
    })
    expect((await readFile(at('up/x.bin'))).equals(content)).toBe(true)
  })

  test('without a path it goes to the workspace; a directory keeps the name; empty is a size too', async () => {
    const form = new FormData()
    form.append('file', new Blob([]), '../näme.txt')
    expect((await upload(form)).body.data).toMatchObject({ file_path: at('näme.txt'), file_size: 0 })
    form.set('path', `${server.home}/sub/`)
    expect((await upload(form)).body.data['file_path']).toBe(at('sub/näme.txt'))
  })

  test.each([
    [`filename="=?utf-8?B?5pel5pysLnR4dA==?="; filename*=utf-8''%E6%97%A5%E6%9C%AC.txt`, '日本.txt'],
    [`filename*=UTF-8'en'n%C3%A4me%20b.txt`, 'näme b.txt'],
    [`filename*=iso-8859-1''n%E4me.txt`, 'näme.txt'],
    ['filename="=?utf-8?B?5pel5pysLnR4dA==?="', '日本.txt'],
    ['filename="=?UTF-8?Q?n=C3=A4me_b.txt?="', 'näme b.txt'],
    [`filename="plain.txt"; filename*=utf-16''x`, 'plain.txt'],
    [`filename*=utf-8''..%2F..%2Fetc%2Fx`, 'x'],
  ])('a name given as %s is %s', async (given, name) => {
    const body = `--B\r\nContent-Disposition: form-data; name="path"\r\n\r\n${at('names/')}\r\n--B\r\nContent-Disposition: form-data; name="file"; ${given}\r\n\r\nx\r\n--B--\r\n`
    const response = await fetch(`${server.url}/v1/file/upload`, { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=B' }, body })
    expect(await response.json()).toMatchObject({ success: true, data: { file_path: at(`names/${name}`) } })
  })

  test('no file, no form, a place that cannot be', async () => {
    const form = new FormData()
    form.append('path', at('x'))
    expect(await upload(form)).toMatchObject({ status: 422, body: { detail: [{ loc: ['body', 'file'], type: 'missing' }] } })
    expect((await server.post('/v1/file/upload', {})).status).toBe(422)
    form.append('file', new Blob(['x']), 'x')
    form.set('path', '/etc/passwd/x')
    expect(await upload(form)).toMatchObject({ status: 200, body: { success: false, data: { operation: 'upload', path: '/etc/passwd/x' } } })
  })

  test.each([
    ['a part without a name', '--B\r\nContent-Type: text/plain\r\n\r\nx\r\n--B--\r\n', 'A part has no name'],
    ['two files', `${'--B\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n'.repeat(2)}--B--\r\n`, 'There are two files'],
    ['a long field', `--B\r\nContent-Disposition: form-data; name="note"\r\n\r\n${'x'.repeat(65_537)}\r\n--B--\r\n`, 'The field note is too long'],
    ['a head without an end', `--B\r\nX: ${'x'.repeat(300_000)}`, 'The head of a part is too long'],
    ['no last boundary', '--B\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--B', 'The form ends before its last boundary'],
    ['no part', 'nothing', 'The form ends before its last boundary'],
  ])('%s is refused with its reason, and leaves nothing', async (_name, form, reason) => {
    const path = `--B\r\nContent-Disposition: form-data; name="path"\r\n\r\n${at('refused/f')}\r\n`
    const response = await fetch(`${server.url}/v1/file/upload`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=B' },
      body: form.startsWith('--B') ? path + form : form,
    })
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 422,
      body: { detail: [{ loc: ['body'], msg: reason, type: 'multipart_invalid' }] },
    })
    expect(await readdir(at('refused')).catch(() => [])).toEqual([])
    expect((await server.get('/healthz')).body['faults']).toBe(0)
  })

  test('an upload that breaks off leaves nothing', async () => {
    const socket = connect(server.port, '127.0.0.1')
    socket.write(
      `POST /v1/file/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nContent-Type: multipart/form-data; boundary=B\r\n\r\n--B\r\nContent-Disposition: form-data; name="path"\r\n\r\n${at('broken/f')}\r\n--B\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhalf`,
    )
    await until(async () => (await readdir(at('broken')).catch(() => [])).length === 1)
    socket.destroy()
    await until(async () => (await readdir(at('broken'))).length === 0)
    expect((await server.get('/healthz')).body['faults']).toBe(0)
  })
})

describe('download', () => {
  test.each([
    ['+', '+'],
    ['%20', '%20'],
  ])('a space as %s, bytes and length exact', async (_name, space) => {
    const content = randomBytes(3_000_000)
    await writeFile(at('a b'), content)
    const response = await fetch(`${server.url}/v1/file/download?path=${encodeURIComponent(server.home)}/a${space}b`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/octet-stream')
    expect(response.headers.get('content-length')).toBe('3000000')
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true)
  })

  test.each([
    ['/no/such', 404, 'File not found'],
    ['/usr', 400, 'Not a regular file'],
    ['/dev/zero', 400, 'Not a regular file'],
    ['/etc/passwd/x', 404, 'File not found'],
  ])('%s is %i', async (path, status, detail) => {
    const response = await fetch(`${server.url}/v1/file/download?path=${path}`)
    expect({ status: response.status, body: await response.json() }).toEqual({ status, body: { detail } })
  })

  test('what says another size than it has comes whole: /proc, /sys, and a file that grew', async () => {
    const whole = async (path: string) => await (await fetch(`${server.url}/v1/file/download?path=${path}`)).text()
    expect(await whole('/proc/version')).toBe(await readFile('/proc/version', 'utf8'))
    expect(await whole('/sys/class/net/lo/mtu')).toBe(await readFile('/sys/class/net/lo/mtu', 'utf8'))
    expect((await whole('/proc/kallsyms')).length).toBeGreaterThan(1024 * 1024)
  })

  test('no path, a wrong policy, a file that changes', async () => {
    expect((await server.get('/v1/file/download')).status).toBe(422)
    expect((await server.get('/v1/file/download?path=/etc/passwd&change_policy=maybe')).status).toBe(422)
    await writeFile(at('grows'), 'x'.repeat(900_000))
    const writer = await server.post('/v1/bash/exec', { command: 'while :; do echo y >>grows; done', async_mode: true })
    let refused = 0
    await until(async () => {
      const response = await fetch(`${server.url}/v1/file/download?path=${at('grows')}&change_policy=abort`)
      if (response.status === 409) refused += 1
      await response.arrayBuffer().catch(() => null)
      return refused > 0
    })
    await server.post(`/v1/bash/sessions/${String(writer.body.data['session_id'])}/close`, {})
    const calm = await fetch(`${server.url}/v1/file/download?path=/etc/passwd&change_policy=abort`)
    expect(await calm.text()).toBe(await readFile('/etc/passwd', 'utf8'))
  })

  test('a client that stops reading costs nobody else', async () => {
    await server.post('/v1/bash/exec', { command: 'head -c 50000000 /dev/zero >big' })
    const socket = connect(server.port, '127.0.0.1')
    socket.write(`GET /v1/file/download?path=${at('big')} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await new Promise((resolve) => socket.once('readable', resolve))
    const rss = Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${server.process.pid}/status`, 'utf8'))?.[1])
    expect((await server.post('/v1/bash/exec', { command: 'echo ok' })).body.data['stdout']).toBe('ok\n')
    expect(rss).toBeLessThan(250 * 1024)
    socket.destroy()
    await until(async () => (await server.get('/healthz')).body['faults'] === 0)
  })
})
