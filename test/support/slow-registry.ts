import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { pack } from 'tar-stream'

/** A registry on loopback (which an engine trusts without TLS) with one image, sent as slowly as told. */
export interface SlowRegistry {
  /** `127.0.0.1:PORT/slow:1` */
  readonly image: string
  /** Bytes of the layer that were sent so far. */
  sent(): number
  /** Connections on which the layer is being sent. */
  sending(): number
  /** Milliseconds between two pieces of 64 KiB. */
  pace: number
  close(): Promise<void>
}

const digest = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

export async function slowRegistry(layerBytes: number): Promise<SlowRegistry> {
  const layer = await tarOf('data', randomBytes(layerBytes))
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: { Cmd: ['/data'] },
      rootfs: { type: 'layers', diff_ids: [digest(layer)] },
    }),
  )
  const manifestType = 'application/vnd.docker.distribution.manifest.v2+json'
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: config.length, digest: digest(config) },
      layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar', size: layer.length, digest: digest(layer) }],
    }),
  )
  let sent = 0
  let sending = 0
  const server = createServer((request, response) => void answer(request, response))
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    const whole = (bytes: Buffer, type: string) => {
      response.writeHead(200, { 'content-type': type, 'content-length': bytes.length, 'docker-content-digest': digest(bytes) })
      response.end(request.method === 'HEAD' ? undefined : bytes)
    }
    if (path === '/v2/') return void response.end('{}')
    if (path === '/v2/slow/manifests/1' || path === `/v2/slow/manifests/${digest(manifest)}`) return whole(manifest, manifestType)
    if (path.endsWith(digest(config))) return whole(config, 'application/octet-stream')
    if (!path.endsWith(digest(layer))) {
      response.writeHead(404, { 'content-type': 'application/json' })
      return void response.end(JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] }))
    }
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': layer.length })
    sending++
    response.once('close', () => sending--)
    for (let at = 0; at < layer.length && !response.destroyed; at += 65_536) {
      const piece = layer.subarray(at, at + 65_536)
      response.write(piece)
      sent += piece.length
      if (registry.pace > 0) await sleep(registry.pace)
    }
    response.end()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const registry: SlowRegistry = {
    image: `127.0.0.1:${(server.address() as AddressInfo).port}/slow:1`,
    sent: () => sent,
    sending: () => sending,
    pace: 10,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return registry
}

async function tarOf(name: string, content: Buffer): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name, mtime: new Date(0) }, content)
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
