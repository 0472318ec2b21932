import { describe, expect, it } from 'vitest'
import { parseSize } from '../../../shared/size.ts'
import { explain } from '../../../main/backends/docker/creation.ts'
import { aptProxies, findAptSource } from '../../../main/backends/docker/image/debootstrap.ts'
import { layerTotals, serverOf, tagged } from '../../../main/backends/docker/image/pull.ts'
import { linesOf, loggedLinesOf } from '../../../main/backends/docker/logs.ts'
import { newSpec } from '../../support/backend-subject.ts'

const frame = (kind: number, bytes: Buffer) => {
  const head = Buffer.alloc(8)
  head[0] = kind
  head.writeUInt32BE(bytes.length, 4)
  return Buffer.concat([head, bytes])
}
const collect = async (chunks: Buffer[]) => {
  const lines: string[] = []
  for await (const line of linesOf(chunks)) lines.push(line)
  return lines
}

describe('the log’s multiplexed form', () => {
  const whole = Buffer.concat([
    frame(1, Buffer.from('one\nhalf')),
    frame(2, Buffer.from('to err\r\n')),
    frame(1, Buffer.from(' a line\n')),
    frame(1, Buffer.from('é').subarray(0, 1)),
    frame(1, Buffer.from('é').subarray(1)),
    frame(1, Buffer.from('\nno newline')),
  ])
  const expected = ['one', 'to err', 'half a line', 'é', 'no newline']
  it('gives lines of each stream, whole', async () => expect(await collect([whole])).toEqual(expected))
  it('however it is cut', async () => {
    for (const size of [1, 2, 3, 7, 8, 9, 20]) {
      const pieces: Buffer[] = []
      for (let at = 0; at < whole.length; at += size) pieces.push(whole.subarray(at, at + size))
      expect(await collect(pieces)).toEqual(expected)
    }
  })
  it('takes the times off, of every piece of a long line too, also within a character', async () => {
    const stamp = (text: string) => Buffer.from(`2026-11-25T08:17:0${text} `)
    const word = Buffer.from('é')
    const frames = [
      frame(1, Buffer.concat([stamp('1.123456789Z'), Buffer.from('one\n')])),
      frame(1, Buffer.concat([stamp('2.000000000Z'), Buffer.from('a long '), word.subarray(0, 1)])),
      frame(2, Buffer.concat([stamp('3.5+02:00'), Buffer.from('to err\n')])),
      frame(1, Buffer.concat([stamp('4.000000000Z'), word.subarray(1), Buffer.from(' line\n')])),
      frame(1, Buffer.from('2026-11-25 is no stamp\n')),
      frame(1, stamp('5Z')),
    ]
    const lines = []
    for await (const line of loggedLinesOf(frames, { stamped: true })) lines.push(line)
    expect(lines).toEqual([
      { at: '2026-11-25T08:17:01.123Z', text: 'one' },
      { at: '2026-11-25T06:17:03.500Z', text: 'to err' },
      { at: '2026-11-25T08:17:02.000Z', text: 'a long é line' },
      { at: null, text: '2026-11-25 is no stamp' },
    ])
  })
  it('does not keep a line that never ends', async () => {
    const lines = await collect(Array.from({ length: 40 }, () => frame(1, Buffer.alloc(16_384, 'x'))))
    expect(lines.length).toBeGreaterThan(1)
    expect(lines.join('').length).toBe(40 * 16_384)
  })
})

describe('what the engine says when it makes no container', () => {
  const spec = newSpec('berthtest', 'berth-lite', { environment: { TOKEN: 'very-secret' } })
  it.each([
    [409, 'Conflict. The container name "/x" is already in use by container "abc". You have to remove (or rename) that container', 'NAME_TAKEN'],
    [400, 'invalid mount config for type "bind": bind source path does not exist: /data/none', 'MOUNT_MISSING'],
    [404, 'No such image: berth-lite:latest', 'IMAGE_MISSING'],
    [500, 'error creating overlay mount: no space left on device', 'DISK_FULL'],
    [400, 'failed to create shim task: OCI runtime create failed: exec: "x": executable file not found in $PATH', 'IMAGE_UNUSABLE'],
  ])('%d %s', (status, text, code) => {
    expect(explain(spec, { status, text })).toMatchObject({ code })
  })
  it.each([
    ['driver failed programming external connectivity on endpoint x: Bind for 127.0.0.1:8080 failed: port is already allocated', 'port'],
    ['Error starting userland proxy: listen tcp4 127.0.0.1:8080: bind: address already in use', 'port'],
    ['network 0123abc not found', 'network'],
  ])('%s can be mended', (text, obstacle) => {
    expect(explain(spec, { status: 500, text })).toMatchObject({ obstacle })
  })
  it('never repeats a secret', () => {
    const error = explain(spec, { status: 400, text: `invalid environment variable: TOKEN=very-secret SANDBOX_API_KEY=${spec.key}` })
    expect(JSON.stringify([error.message, error.cause, error])).not.toMatch(new RegExp(`very-secret|${spec.key}`))
  })
})

describe('small readings', () => {
  it.each([
    [512, 512],
    ['512', 512],
    ['64k', 65_536],
    ['512m', 536_870_912],
    ['2g', 2_147_483_648],
    ['1.5GB', 1_610_612_736],
    ['1t', 1_099_511_627_776],
  ])('%s bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes))
  it('the host’s package source, in both forms', () => {
    const one = '# deb http://off/ bookworm main\ndeb [signed-by=/k.gpg arch=amd64] http://mirror/debian bookworm main contrib\n'
    const new822 = 'Types: deb\n# a comment\nURIs: http://mirror/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /k.gpg\n'
    const security = 'Types: deb\nURIs: http://mirror/security\nSuites: bookworm-security\nComponents: main\n'
    const wanted = { uri: 'http://mirror/debian', suite: 'bookworm', keyring: '/k.gpg' }
    expect(findAptSource([one], 'bookworm')).toEqual(wanted)
    expect(findAptSource(['', `${security}\n${new822}`], 'bookworm')).toEqual(wanted)
    expect(findAptSource([`Enabled: no\n${new822}`], 'bookworm')).toBeNull()
    expect(findAptSource([one], 'trixie')).toBeNull()
    expect(aptProxies('Acquire "";\nAcquire::http::Proxy "http://proxy:3128";\n')).toEqual({ http_proxy: 'http://proxy:3128' })
  })
  it('an image’s registry and tag', () => {
    expect(['debian', 'org/tool:2', 'ghcr.io/a/b', 'localhost/a', '127.0.0.1:5000/a'].map(serverOf)).toEqual([
      'https://index.docker.io/v1/',
      'https://index.docker.io/v1/',
      'ghcr.io',
      'localhost',
      '127.0.0.1:5000',
    ])
    expect(['debian', 'a:1', 'h:5000/a', 'a@sha256:0'].map(tagged)).toEqual(['debian:latest', 'a:1', 'h:5000/a:latest', 'a@sha256:0'])
  })
  it('adds up layers as they become known', () => {
    const totals = layerTotals()
    const line = (id: string, status: string, current?: number, total?: number) =>
      totals('x', { id, status, progressDetail: current === undefined || total === undefined ? {} : { current, total } })
    expect(line('a', 'Pulling fs layer')).toMatchObject({ done: null, total: null })
    expect(line('a', 'Downloading', 10, 100)).toMatchObject({ done: 10, total: 100 })
    expect(line('b', 'Downloading', 5, 50)).toMatchObject({ done: 15, total: 150 })
    expect(line('a', 'Download complete')).toMatchObject({ done: 105, total: 150 })
    expect(line('a', 'Extracting', 1, 100)).toMatchObject({ done: 105, total: 150 })
  })
})
