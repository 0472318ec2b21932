import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type Docker from 'dockerode'
import { publishedPort } from '../../main/backends/docker/found.ts'
import type { Samples } from './stats.ts'

const large = 100 * 1024 * 1024
/** Small requests of one round: one alone is lost in the noise of a machine. */
const small = 20

/** Where a sandbox is reached, and what it wants to be sent. */
interface Way {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The sandbox port against the container's own port, interleaved: small requests and 100 MB each way, over kept connections.
 * Rows: `direct_small`, `proxy_small`, `direct_down`, `proxy_down`, `direct_up`, `proxy_up`; what matters are their ratios. `url`
 * is what acquire gave for the sandbox in `container`. Best with the engine in a process of its own.
 */
export async function proxyRows(samples: Samples, at: { url: string; container: Docker.Container }, rounds: { small: number; large: number }): Promise<void> {
  const agent = new Agent({ keepAlive: true })
  const ways: [string, Way][] = [
    ['direct', await direct(at.container)],
    ['proxy', { url: at.url, headers: {} }],
  ]
  try {
    for (const [, way] of ways) await put(agent, way)
    for (let round = 0; round < rounds.small; round += 1) {
      for (const [name, way] of ways) for (let n = 0; n < small; n += 1) await samples.time(`${name}_small`, () => get(agent, way, '/v1/sandbox'))
    }
    for (let round = 0; round < rounds.large; round += 1) {
      for (const [name, way] of ways) await samples.time(`${name}_down`, () => get(agent, way, '/v1/file/download?path=/tmp/bench'))
      for (const [name, way] of ways) await samples.time(`${name}_up`, () => put(agent, way))
    }
  } finally {
    agent.destroy()
  }
}

/** `proxy_small` by `direct_small` and so on, of the medians. */
export function proxyRatios(rows: Readonly<Record<string, { readonly p50: number }>>): Record<'small' | 'down' | 'up', number> {
  const ratio = (what: string) => (rows[`proxy_${what}`]?.p50 ?? Number.NaN) / (rows[`direct_${what}`]?.p50 ?? Number.NaN)
  return { small: ratio('small'), down: ratio('down'), up: ratio('up') }
}

async function direct(container: Docker.Container): Promise<Way> {
  const info = await container.inspect()
  const port = publishedPort(info)
  const key = info.Config.Env.find((line) => line.startsWith('SANDBOX_API_KEY='))?.slice('SANDBOX_API_KEY='.length)
  return { url: `http://127.0.0.1:${port}`, headers: key === undefined ? {} : { 'x-aio-api-key': key } }
}

async function get(agent: Agent, way: Way, path: string): Promise<void> {
  await ended(httpRequest(way.url + path, { agent, headers: way.headers }).end())
}

async function put(agent: Agent, way: Way): Promise<void> {
  const head = Buffer.from('--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n')
  const tail = Buffer.from('\r\n--b--\r\n')
  const request = httpRequest(`${way.url}/v1/file/upload?path=/tmp/bench`, {
    method: 'POST',
    agent,
    headers: { ...way.headers, 'content-type': 'multipart/form-data; boundary=b', 'content-length': head.length + large + tail.length },
  })
  const done = ended(request)
  request.write(head)
  const piece = Buffer.alloc(262_144, 7)
  for (let sent = 0; sent < large; sent += piece.length) if (!request.write(piece)) await once(request, 'drain')
  request.end(tail)
  await done
}

async function ended(request: ReturnType<typeof httpRequest>): Promise<void> {
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`the sandbox answered ${response.statusCode}`)
  response.resume()
  await once(response, 'end')
}
