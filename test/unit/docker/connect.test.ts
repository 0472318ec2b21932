import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findEndpoint, parseHost } from '../../../main/backends/docker/connect.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'

describe('which engine is meant', () => {
  let home: TempDir
  beforeEach(async () => {
    home = await tempDir('connect')
  })
  afterEach(() => home.remove())
  const find = (env: Record<string, string> = {}) => findEndpoint({ env, userHome: home.path, platform: 'linux' })
  const context = async (name: string, host: string) => {
    const key = createHash('sha256').update(name).digest('hex')
    await mkdir(join(home.path, '.docker/contexts/meta', key), { recursive: true })
    await writeFile(join(home.path, '.docker/contexts/meta', key, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }))
  }
  const current = (name: string) => writeFile(join(home.path, '.docker/config.json'), JSON.stringify({ currentContext: name }))

  it('DOCKER_HOST goes before the context, the context before the default', async () => {
    await context('desk', 'unix:///desk.sock')
    await context('lab', 'tcp://127.0.0.1:2375')
    await current('desk')
    expect(await find({ DOCKER_HOST: 'unix:///own.sock' })).toMatchObject({ socketPath: '/own.sock', origin: 'DOCKER_HOST' })
    expect(await find()).toMatchObject({ socketPath: '/desk.sock', origin: 'docker context “desk”' })
    expect(await find({ DOCKER_CONTEXT: 'lab' })).toMatchObject({ host: '127.0.0.1', port: 2375, socketPath: null, tls: null })
    await current('default')
    expect(await find()).toMatchObject({ origin: 'the default socket' })
  })

  it('without any settings it is the default socket', async () => {
    expect(await find()).toMatchObject({ socketPath: expect.stringContaining('docker.sock'), host: null })
  })

  it('a context that is not there, settings that are no JSON, and other machines are refused', async () => {
    await mkdir(join(home.path, '.docker'), { recursive: true })
    await current('gone')
    await expect(find()).rejects.toMatchObject({ code: 'ENGINE_MISSING', message: expect.stringContaining('gone') })
    await writeFile(join(home.path, '.docker/config.json'), '{')
    await expect(find()).rejects.toMatchObject({ code: 'BAD_CONFIG' })
    await expect(find({ DOCKER_HOST: 'ssh://me@server' })).rejects.toMatchObject({ code: 'ENGINE_ELSEWHERE' })
    await expect(find({ DOCKER_HOST: 'gopher://x' })).rejects.toMatchObject({ code: 'BAD_CONFIG' })
  })

  it('a verified connection that is asked for is never a plain one', async () => {
    const certs = join(home.path, 'certs')
    await mkdir(certs)
    const verified = { DOCKER_HOST: 'tcp://127.0.0.1:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certs }
    await expect(find(verified)).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining(join(certs, 'ca.pem')),
      next: expect.stringContaining('DOCKER_TLS_VERIFY'),
    })
    await writeFile(join(certs, 'ca.pem'), 'ca')
    expect(await find(verified)).toMatchObject({ port: 2376, tls: { cert: null, key: null } })
    await writeFile(join(certs, 'cert.pem'), 'cert')
    await expect(find(verified)).rejects.toMatchObject({ message: expect.stringContaining('key.pem') })
    await writeFile(join(certs, 'key.pem'), 'key')
    expect((await find(verified)).tls?.key?.toString()).toBe('key')
    expect(await find({ ...verified, DOCKER_HOST: 'unix:///own.sock' })).toMatchObject({ socketPath: '/own.sock' })
  })

  it.each([
    ['unix://', { socketPath: '/var/run/docker.sock' }],
    ['npipe:////./pipe/docker_engine', { socketPath: '//./pipe/docker_engine' }],
    ['tcp://10.0.0.5', { host: '10.0.0.5', port: 2375, tls: null }],
    ['localhost:2375', { host: 'localhost', port: 2375 }],
    ['https://engine', { host: 'engine', port: 2376, tls: { ca: null, cert: null, key: null } }],
    ['tcp://[::1]:99', { host: '::1', port: 99 }],
  ])('reads %s', (text, expected) => {
    expect(parseHost(text, 'a test', null)).toMatchObject(expected)
  })
})
