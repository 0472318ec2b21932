import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startSandboxServer, until } from './support.ts'
import type { Running } from './support.ts'

let server: Running
let parent: string
let workspace: string
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'berth-workspace-'))
  workspace = join(parent, 'workspace')
  // Started before there is one, as a sandbox that is made ahead is.
  server = await startSandboxServer({ WORKSPACE: workspace })
})
afterAll(async () => {
  await server.close()
  await rm(parent, { recursive: true, force: true })
})

/** What a terminal says of where it is. */
async function terminalPwd(): Promise<string> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/v1/shell/ws`)
  let seen = ''
  socket.on('message', (raw: Buffer) => {
    const message = JSON.parse(raw.toString('utf8')) as { type: string; data?: string }
    if (message.type === 'ready') socket.send(JSON.stringify({ type: 'input', data: 'echo "<$PWD>"\n' }))
    if (message.type === 'output') seen += message.data
  })
  // The line is echoed first, without the directory in it.
  await until(() => Promise.resolve(/<\/[^>]*>/.test(seen)))
  socket.close()
  return /<(\/[^>]*)>/.exec(seen)?.[1] ?? ''
}

/** Every way by which something starts that names no directory. */
const doors: Record<string, () => Promise<unknown>> = {
  'bash/exec': async () => String((await server.post('/v1/bash/exec', { command: 'pwd' })).body.data['stdout']).trim(),
  'bash/exec in a session': async () => {
    const { session_id: id } = (await server.post('/v1/bash/sessions/create', {})).body.data
    return String((await server.post('/v1/bash/exec', { command: 'pwd', session_id: id })).body.data['stdout']).trim()
  },
  'shell/exec': async () => {
    const { session_id: id } = (await server.post('/v1/shell/sessions/create', {})).body.data
    return String((await server.post('/v1/shell/exec', { command: 'pwd', id })).body.data['output']).trim()
  },
  'code/execute': async () =>
    String((await server.post('/v1/code/execute', { language: 'javascript', code: 'console.log(process.cwd())' })).body.data['stdout']).trim(),
  $WORKSPACE: async () => String((await server.post('/v1/bash/exec', { command: 'echo $WORKSPACE' })).body.data['stdout']).trim(),
  'v1/sandbox': async () => (await server.get('/v1/sandbox')).body['workspace'],
  'a terminal': terminalPwd,
  'a file by a relative path': async () => {
    await server.post('/v1/file/write', { file: 'sub/rel.txt', content: 'x' })
    expect((await server.post('/v1/file/read', { file: 'sub/rel.txt' })).body.data['content']).toBe('x')
    expect((await server.post('/v1/file/list', { path: '.' })).body.data['files']).toMatchObject([{ name: 'sub' }])
    const found = (await server.post('/v1/file/find', { path: 'sub', glob: '*.txt' })).body.data as unknown as { files: string[] }
    return found.files[0]?.replace('/sub/rel.txt', '')
  },
  'an upload without a path': async () => {
    const form = new FormData()
    form.set('file', new Blob(['x']), 'up.txt')
    const answer = (await (await fetch(`${server.url}/v1/file/upload`, { method: 'POST', body: form })).json()) as { data: { file_path: string } }
    expect(await readFile(answer.data.file_path, 'utf8')).toBe('x')
    return answer.data.file_path.replace(/\/up\.txt$/, '')
  },
}

describe('what starts without a directory starts in the workspace', () => {
  test.each(Object.keys(doors))('by %s, though it was removed', async (door) => {
    await rm(workspace, { recursive: true, force: true })
    expect(await doors[door]?.()).toBe(workspace)
  })

  test('sessions that were there before follow: its directory is made again under a shell that was in it', async () => {
    await mkdir(workspace, { recursive: true })
    const bash = (await server.post('/v1/bash/sessions/create', { session_id: 'early' })).body.data
    await server.post('/v1/shell/sessions/create', { id: 'early' })
    const shell = async (command: string) => (await server.post('/v1/shell/exec', { id: 'early', command })).body.data['output']
    expect(await shell('pwd')).toBe(`${workspace}\n`)
    await rm(workspace, { recursive: true })
    expect((await server.post('/v1/bash/exec', { session_id: bash['session_id'], command: 'echo x > f; cat f' })).body.data['stdout']).toBe('x\n')
    expect(await shell('pwd; cat f')).toBe(`${workspace}\nx\n`)
    // A directory of its own that is gone is told of.
    expect(await shell('mkdir sub; cd sub; rmdir ../sub')).toBe('')
    expect(await shell('pwd')).toMatch(new RegExp(`^\\[${workspace}/sub is gone; this runs in ${workspace}\\]\n${workspace}\n$`))
  })

  test('where a file stands in its place commands run, elsewhere, and say so', async () => {
    await rm(workspace, { recursive: true, force: true })
    await writeFile(workspace, '')
    const { data } = (await server.post('/v1/bash/exec', { command: 'pwd' })).body
    expect(data['stdout']).not.toBe(`${workspace}\n`)
    expect(data['exit_code']).toBe(0)
    expect(data['stderr']).toContain(`${workspace} is no directory`)
    await server.post('/v1/shell/sessions/create', { id: 'blocked' })
    expect((await server.post('/v1/shell/exec', { id: 'blocked', command: 'echo runs' })).body.data['output']).toMatch(/is no directory[^\n]*\nruns\n$/)
    expect((await server.post('/v1/bash/exec', { command: `rm ${workspace}; mkdir ${workspace}` })).body.data['exit_code']).toBe(0)
  })

  test('a directory that the caller named is not made', async () => {
    const { status, body } = await server.post('/v1/bash/exec', { command: 'pwd', exec_dir: '/no/such' })
    expect(status).toBe(400)
    expect(body.hint).toContain('name another directory')
  })
})
