import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Found, SandboxSpec } from '../../../main/backends/backend.ts'
import { litePort } from '../../../main/backends/docker/found.ts'
import { dockerSubject, type DockerSubject } from '../../support/docker-subject.ts'
import { needs } from '../../support/parts.ts'
import { untilReady } from '../../support/sandbox-talk.ts'

interface Box {
  readonly found: Found
  readonly spec: SandboxSpec
  readonly ip: string
  readonly gateway: string
  readonly port: number
}

needs('docker', 'lite-image').describe('sandboxes apart from each other', () => {
  let subject: DockerSubject
  let a: Box
  let b: Box
  let host: Server

  const box = async (): Promise<Box> => {
    const spec = subject.spec()
    const found = await subject.backend.create(spec, new AbortController().signal)
    await untilReady(subject.talk, found, spec.key)
    const { NetworkSettings } = await subject.docker.getContainer(found.ref).inspect()
    const network = Object.values(NetworkSettings.Networks)[0]!
    return { found, spec, ip: network.IPAddress, gateway: network.Gateway, port: Number(new URL(found.url!).port) }
  }
  /** HTTP status that A gets with B's key, so that only the network stands between them; 000 is no connection. */
  const fromA = async (url: string): Promise<string> => {
    const command = `curl -s -o /dev/null -m 4 -w '%{http_code}' -H 'X-AIO-API-Key: ${b.spec.key}' ${url}/v1/sandbox`
    return (await subject.talk.exec(a.found, a.spec.key, command)).stdout
  }

  beforeAll(async () => {
    subject = await dockerSubject()
    await subject.backend.prepare('berth-lite', () => undefined, new AbortController().signal)
    ;[a, b] = await Promise.all([box(), box()])
    host = createServer((_, response) => response.end('host')).listen(0, '127.0.0.1')
    await new Promise((resolve) => host.once('listening', resolve))
  })
  afterAll(async () => {
    host?.close()
    await subject?.cleanup()
  })

  it('can tell: a sandbox reaches itself, by loopback and by its own address', async () => {
    expect(await fromA(`http://127.0.0.1:${litePort}`)).toBe('401')
    expect(await fromA(`http://${a.ip}:${litePort}`)).toBe('401')
  })

  it('does not reach another by its address or its name', async () => {
    expect(await fromA(`http://${b.ip}:${litePort}`)).toBe('000')
    expect(await fromA(`http://${b.found.name}:${litePort}`)).toBe('000')
    expect(await fromA(`http://${b.found.ref.slice(0, 12)}:${litePort}`)).toBe('000')
  })

  it("does not reach another by its published port: by the gateway, by any of the host's addresses, by its own loopback", async () => {
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter((it) => it.family === 'IPv4')
      .map((it) => it.address)
    expect(addresses).toContain(b.gateway)
    for (const address of new Set([b.gateway, ...addresses, '127.0.0.1', 'host.docker.internal'])) {
      expect(`${address} ${await fromA(`http://${address}:${b.port}`)}`).toBe(`${address} 000`)
    }
  })

  it("does not reach what listens on the host's loopback, as Berth's own port does", async () => {
    const { port } = host.address() as AddressInfo
    expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(200)
    for (const address of [a.gateway, '127.0.0.1']) expect(await fromA(`http://${address}:${port}`)).toBe('000')
  })

  it('cannot route its packets by hand: no capability, no privileges to gain', async () => {
    const look = await subject.talk.exec(a.found, a.spec.key, "grep -E '^(Cap(Eff|Prm|Bnd)|NoNewPrivs|Seccomp):' /proc/self/status")
    const status = Object.fromEntries(
      look.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/:\s+/)),
    )
    // What the server starts them with is theirs neither to have nor, without new privileges, to get.
    expect(status).toEqual({ CapEff: '0'.repeat(16), CapPrm: '0'.repeat(16), CapBnd: '00000000000000c0', NoNewPrivs: '1', Seccomp: '2' })
    const raw = await subject.talk.exec(a.found, a.spec.key, "python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'")
    expect(raw.stderr).toContain('PermissionError')
  })

  it('is a wall of the network: on one that lets members talk, the same call gets through', async () => {
    const name = `berthtest-open-${subject.installation}`
    const open = await subject.docker.createNetwork({ Name: name, Driver: 'bridge', CheckDuplicate: true })
    try {
      for (const one of [a, b]) await open.connect({ Container: one.found.ref })
      const { NetworkSettings } = await subject.docker.getContainer(b.found.ref).inspect()
      expect(await fromA(`http://${NetworkSettings.Networks[name]!.IPAddress}:${litePort}`)).toBe('200')
      expect(await fromA(`http://${b.ip}:${litePort}`)).toBe('000')
    } finally {
      for (const one of [a, b]) await open.disconnect({ Container: one.found.ref, Force: true })
      await open.remove()
    }
  })
})
