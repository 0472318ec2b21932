import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

// npm run outputs -- --sessions 200: whether any command's output is lost or given to another, by every door of a Berth that
// runs, with two busy loops on this machine and one in the sandbox.

const { values } = parseArgs({
  options: {
    home: { type: 'string', default: process.env['BERTH_HOME'] ?? join(homedir(), '.berth') },
    sessions: { type: 'string', default: '40' },
    each: { type: 'string', default: '20' },
    together: { type: 'string', default: '8' },
  },
})
const bridge = (JSON.parse(await readFile(join(values.home, 'bridge.json'), 'utf8')) as { url: string }).url
const token = (await readFile(join(values.home, 'token'), 'utf8')).trim()
const thread = `outputs-${process.pid}`

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`)
  return text
}
const asked = { authorization: `Bearer ${token}` }
const call = async (name: string, body: unknown, headers = {}) => await post(`${bridge}/berth/v1/${name}`, body, { ...asked, ...headers })
const { url: sandbox } = JSON.parse(await call('acquire', { thread })) as { url: string }
const inSandbox = async (path: string, body: unknown) => (JSON.parse(await post(sandbox + path, body)) as { data: Record<string, string> }).data
const client = new Client({ name: 'outputs', version: '1' })
await client.connect(new StreamableHTTPClientTransport(new URL(`${bridge}/mcp`), { requestInit: { headers: asked } }))

/** A session of each door: what a command printed. */
type Door = () => Promise<{ run(command: string): Promise<string>; end(): Promise<unknown> }>
const ends = () => Promise.resolve()
const shell =
  (first: (id: string) => Promise<unknown>): Door =>
  async () => {
    const { session_id: id = '' } = await inSandbox('/v1/shell/sessions/create', {})
    await first(id)
    return {
      run: async (command) => (await inSandbox('/v1/shell/exec', { id, command }))['output'] ?? '',
      end: () => fetch(`${sandbox}/v1/shell/sessions/${id}`, { method: 'DELETE' }),
    }
  }
const doors: Record<string, Door> = {
  shell: shell(ends),
  'shell after a hard_timeout': shell((id) => inSandbox('/v1/shell/exec', { id, command: 'while :; do sleep 0.05; done', hard_timeout: 0.2 })),
  bash: async () => {
    const { session_id: id } = await inSandbox('/v1/bash/sessions/create', {})
    return {
      run: async (command) => (await inSandbox('/v1/bash/exec', { session_id: id, command }))['stdout'] ?? '',
      end: () => inSandbox(`/v1/bash/sessions/${id}/close`, {}),
    }
  },
  exec: () => Promise.resolve({ run: async (command) => (JSON.parse(await call('exec', { thread, command })) as { stdout: string }).stdout, end: ends }),
  'exec as a stream': () =>
    Promise.resolve({
      run: async (command) => {
        const lines = (await call('exec', { thread, command }, { accept: 'application/x-ndjson' })).trim().split('\n')
        const chunks = lines
          .map((line) => JSON.parse(line) as { type?: string; data?: string; chunk?: { type?: string; data?: string } })
          .map((line) => line.chunk ?? line)
        return chunks
          .filter(({ type }) => type === 'stdout')
          .map(({ data }) => data)
          .join('')
      },
      end: ends,
    }),
  mcp: () =>
    Promise.resolve({
      run: async (command) =>
        (((await client.callTool({ name: 'command_run', arguments: { thread, command } })).structuredContent ?? {}) as { stdout?: string }).stdout ?? '',
      end: ends,
    }),
}

const busy = [0, 1].map(() => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }))
await call('exec', { thread, command: '(timeout 3600 sh -c "while :; do :; done") >/dev/null 2>&1 &' })
let wrong = 0
try {
  for (const [name, open] of Object.entries(doors)) {
    let [left, lost, hit] = [Number(values.sessions), 0, 0]
    const worker = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        const session = await open()
        let here = 0
        for (let n = 0; n < Number(values.each); n += 1) here += (await session.run(`echo said-${n}`)).trim() === `said-${n}` ? 0 : 1
        await session.end()
        lost += here
        hit += here > 0 ? 1 : 0
      }
    }
    await Promise.all(Array.from({ length: Number(values.together) }, worker))
    console.log(`${name}: ${lost} of ${Number(values.sessions) * Number(values.each)} outputs lost or another's, in ${hit} sessions`)
    wrong += lost
  }
} finally {
  for (const each of busy) each.kill('SIGKILL')
  await client.close()
  await call('destroy', { thread })
}
process.exit(wrong === 0 ? 0 : 1)
