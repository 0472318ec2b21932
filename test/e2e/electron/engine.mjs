// A real `berth serve` for a spec: a home, an engine in a process of its own, and the way to it that an agent has.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'

/**
 * @param {{ home: string, project: string, config?: string }} options `home`: the app's HOME
 */
export async function openHouse({ home, project, config = '' }) {
  const berthHome = path.join(home, 'berth')
  fs.mkdirSync(berthHome, { recursive: true, mode: 0o700 })
  fs.writeFileSync(path.join(berthHome, 'config.yaml'), `backend: ${process.env.BERTH_E2E_BACKEND ?? 'embedded'}\nsandbox:\n  replicas: 5\n${config}`)
  await keepPorts(berthHome)
  let child = null

  async function start() {
    child = spawn(process.execPath, [path.join(process.env.BERTH_E2E_PROJECT ?? project, 'bin', 'berth.mjs'), 'serve', '--json'], {
      env: { ...process.env, BERTH_HOME: berthHome, HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (data) => {
      said += data
    })
    const ended = once(child, 'exit').then(() => {
      throw new Error(`berth serve ended: ${said}`)
    })
    await Promise.race([once(child.stdout, 'data'), ended])
    ended.catch(() => undefined)
  }

  async function end(signal) {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  const facts = () => JSON.parse(fs.readFileSync(path.join(berthHome, 'bridge.json'), 'utf8'))
  return {
    home: berthHome,
    start,
    facts,
    /** As an agent: over HTTP, with the home's token. */
    async call(name, input) {
      const token = fs.readFileSync(path.join(berthHome, 'token'), 'utf8').trim()
      const response = await fetch(`${facts().url}/berth/v1/${name}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(input),
      })
      const body = await response.json()
      if (!response.ok) throw new Error(`${name}: ${JSON.stringify(body)}`)
      return body
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }
}

async function keepPorts(home) {
  const [port, other] = [await freePort(), await freePort()]
  const file = {
    url: `http://127.0.0.1:${port}`,
    pid: null,
    port,
    sandbox_port: other,
    token_file: path.join(home, 'token'),
    instance: 'none',
    version: '0',
    started_at: new Date().toISOString(),
  }
  fs.writeFileSync(path.join(home, 'bridge.json'), JSON.stringify(file), { mode: 0o600 })
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return port
}
