import { chmod, link, lstat, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../main/base/clock.ts'
import { openSandbox } from '../../../main/sandbox/open-sandbox.ts'
import { needs } from '../../support/parts.ts'
import { startSandboxServer, until } from './support.ts'
import type { Running } from './support.ts'
import { deadMount } from '../../support/dead-mount.ts'

let server: Running
let root: string
beforeAll(async () => {
  server = await startSandboxServer()
  root = server.home
})
afterAll(() => server.close())

const file = (operation: string, body: unknown) => server.post(`/v1/file/${operation}`, body)
const at = (name: string): string => join(root, name)

/** Every way to a file. */
const doors: readonly [string, (path: string) => Promise<unknown>][] = [
  ['write', async (path) => (await file('write', { file: path, content: 'x' })).body],
  ['append', async (path) => (await file('write', { file: path, content: 'x', append: true })).body],
  ['replace', async (path) => (await file('replace', { file: path, old_str: 'a', new_str: 'b' })).body],
  ['read', async (path) => (await file('read', { file: path })).body],
  ['lines', async (path) => (await file('read', { file: path, start_line: 0, end_line: 2 })).body],
  ['create', async (path) => (await file('str_replace_editor', { command: 'create', path, file_text: 'x' })).body],
  ['edit', async (path) => (await file('str_replace_editor', { command: 'str_replace', path, old_str: 'a', new_str: 'b' })).body],
  ['view', async (path) => (await file('str_replace_editor', { command: 'view', path })).body],
  ['search', async (path) => (await file('search', { file: path, regex: 'a' })).body],
  ['grep', async (path) => (await file('grep', { path, pattern: 'a' })).body],
  [
    'upload',
    async (path) => {
      const form = new FormData()
      form.append('path', path)
      form.append('file', new Blob(['x']), 'x')
      return await (await fetch(`${server.url}/v1/file/upload`, { method: 'POST', body: form })).json()
    },
  ],
  [
    'download',
    async (path) => {
      const response = await fetch(`${server.url}/v1/file/download?path=${encodeURIComponent(path)}`)
      return { success: response.ok, message: JSON.stringify(await response.json()), data: { error_type: 'invalid_target' } }
    },
  ],
]

describe('read and write', () => {
  test('utf-8, base64, raw, append and newlines, byte for byte', async () => {
    expect((await file('write', { file: at('new/dir/a'), content: 'hé\n' })).body.data).toEqual({ file: at('new/dir/a'), bytes_written: 4 })
    await file('write', { file: at('new/dir/a'), content: 'x', append: true, leading_newline: true, trailing_newline: true })
    expect((await file('read', { file: at('new/dir/a') })).body).toMatchObject({
      success: true,
      data: { content: 'hé\n\nx\n', line_count: 3, file: at('new/dir/a') },
    })
    await file('write', { file: at('b64'), content: 'AP8=', encoding: 'base64' })
    await file('write', { file: at('raw'), content: '\u0000\u00ff', encoding: 'raw' })
    expect(await readFile(at('b64'))).toEqual(Buffer.from([0, 255]))
    expect(await readFile(at('raw'))).toEqual(Buffer.from([0, 255]))
    expect((await file('write', { file: at('b64'), content: '!!', encoding: 'base64' })).body.data).toMatchObject({ error_type: 'decode_error' })
    expect(await readFile(at('b64'))).toEqual(Buffer.from([0, 255]))
  })

  test('lines from start to before end, of a file with and without a last line end', async () => {
    await writeFile(at('lines'), '0\n1\n2\n3')
    const lines = async (start_line?: number, end_line?: number) => (await file('read', { file: at('lines'), start_line, end_line })).body.data
    expect(await lines(1, 3)).toMatchObject({ content: '1\n2\n', line_count: 2 })
    expect(await lines(2)).toMatchObject({ content: '2\n3', line_count: 2 })
    expect(await lines(undefined, 1)).toMatchObject({ content: '0\n', line_count: 1 })
    expect(await lines(9, 12)).toMatchObject({ content: '', line_count: 0 })
  })

  test('a write replaces atomically: mode, links and the old content of a failed one stay', async () => {
    await writeFile(at('script'), 'old')
    await chmod(at('script'), 0o751)
    await symlink('script', at('link'))
    await file('write', { file: at('link'), content: 'new' })
    expect(await readFile(at('script'), 'utf8')).toBe('new')
    expect((await stat(at('script'))).mode & 0o777).toBe(0o751)
    await link(at('script'), at('hard'))
    await file('write', { file: at('hard'), content: 'both' })
    expect(await readFile(at('script'), 'utf8')).toBe('both')
    expect((await readdir(root)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test.each([
    ['read', { file: '/no/such' }, 'not_found', 2, 'ENOENT', 'FileNotFoundError'],
    ['read', { file: '/usr' }, 'invalid_target', 21, 'EISDIR', 'IsADirectoryError'],
    ['read', { file: '/etc/passwd/x' }, 'invalid_target', 20, 'ENOTDIR', 'NotADirectoryError'],
    ['read', { file: '/tmp/a\0b' }, 'invalid_path', 22, 'EINVAL', 'OSError'],
    ['read', { file: `/tmp/${'n'.repeat(300)}` }, 'invalid_path', 36, 'ENAMETOOLONG', 'OSError'],
    ['write', { file: '/usr', content: '' }, 'invalid_target', 21, 'EISDIR', 'IsADirectoryError'],
    ['replace', { file: '/no/such', old_str: 'a', new_str: 'b' }, 'not_found', 2, 'ENOENT', 'FileNotFoundError'],
    ['search', { file: '/no/such', regex: 'a' }, 'not_found', 2, 'ENOENT', 'FileNotFoundError'],
    ['grep', { path: '/no/such', pattern: 'a' }, 'not_found', 2, 'ENOENT', 'FileNotFoundError'],
    ['find', { path: '/no/such', glob: '*' }, 'not_found', 2, 'ENOENT', 'FileNotFoundError'],
    ['glob', { path: '/no/such', pattern: '*' }, 'not_found', 2, 'ENOENT', 'FileNotFoundError'],
    ['list', { path: '/no/such' }, 'not_found', 2, 'ENOENT', 'FileNotFoundError'],
    ['list', { path: '/etc/passwd' }, 'invalid_target', 20, 'ENOTDIR', 'NotADirectoryError'],
  ])('%s %j fails as FileOperationError', async (operation, body, type, errno, name, exception) => {
    const path = 'file' in body ? body.file : body.path
    const answer = await file(operation, body)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ success: false, hint: null, message: expect.stringContaining(`[Errno ${errno}]`) })
    expect(answer.body.data).toEqual({
      path,
      operation,
      message: answer.body.message,
      error_type: type,
      retryable: false,
      errno,
      errno_name: name,
      exception_type: exception,
    })
  })

  test('what is not utf-8, no regular file, or read-only', async () => {
    await writeFile(at('bin'), Buffer.from([0xff, 0xfe, 0x41]))
    expect((await file('read', { file: at('bin') })).body).toMatchObject({
      success: false,
      data: { error_type: 'decode_error', exception_type: 'UnicodeDecodeError', errno: null },
    })
    await server.post('/v1/bash/exec', { command: 'mkfifo fifo' })
    expect((await file('read', { file: at('fifo') })).body.data).toMatchObject({ error_type: 'invalid_target' })
    expect((await file('read', { file: '/dev/zero' })).body.data).toMatchObject({ error_type: 'invalid_target' })
    expect((await file('write', { file: '/proc/version', content: 'x' })).body).toMatchObject({ success: false })
    expect((await file('read', { file: '/proc/version' })).body.data['content']).toContain('Linux')
  })

  test.each(doors)('%s refuses a fifo, a socket and a device at once, however often, and commands still start', async (_name, door) => {
    const made =
      'mkfifo pipe; ln -sf pipe to-pipe; python3 -c \'import socket; socket.socket(socket.AF_UNIX).bind("sock")\' || perl -MIO::Socket::UNIX -e \'IO::Socket::UNIX->new(Local=>"sock",Listen=>1)\''
    await server.post('/v1/bash/exec', { command: `test -p pipe || { ${made}; }` })
    const paths = [at('pipe'), at('to-pipe'), at('sock'), '/dev/zero', '/dev/tty']
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => paths)
        .flat()
        .map(door),
    )
    for (const answer of answers)
      expect(answer).toMatchObject({ success: false, message: expect.stringContaining('Not a regular file'), data: { error_type: 'invalid_target' } })
    expect((await server.post('/v1/bash/exec', { command: 'echo on' })).body.data['stdout']).toBe('on\n')
    expect((await lstat(at('pipe'))).isFIFO()).toBe(true)
  })

  test('a link to what is not there yet is followed, and one to itself is ELOOP, by every way in', async () => {
    const ways = doors.filter(([name]) => ['write', 'append', 'create', 'upload'].includes(name))
    expect(ways).toHaveLength(4)
    for (const [name, door] of ways) {
      await symlink(`new-${name}/file`, at(`dangling-${name}`))
      await symlink(`dangling-${name}`, at(`twice-${name}`))
      expect(await door(at(`twice-${name}`))).toMatchObject({ success: true })
      expect(await readFile(at(`new-${name}/file`), 'utf8')).toBe('x')
      expect((await lstat(at(`dangling-${name}`))).isSymbolicLink()).toBe(true)
      await symlink(`loop-${name}`, at(`loop-${name}`))
      expect(await door(at(`loop-${name}`))).toMatchObject({ success: false, data: { errno_name: 'ELOOP' } })
      expect((await lstat(at(`loop-${name}`))).isSymbolicLink()).toBe(true)
    }
  })

  test('a write where no directory can be made is an error at once, and the server goes on', async () => {
    for (const append of [false, true]) {
      expect((await server.post('/v1/file/write', { file: '/proc/nope/x/y', content: 'a', append })).body).toMatchObject({
        success: false,
        data: { error_type: 'not_found' },
      })
    }
    expect((await server.post('/v1/bash/exec', { command: 'echo on' })).body.data['stdout']).toBe('on\n')
  })

  test('replace counts, and changes nothing when there is nothing', async () => {
    await writeFile(at('r'), 'a$1b a$1b')
    expect((await file('replace', { file: at('r'), old_str: 'a$1b', new_str: '$&' })).body.data).toEqual({ file: at('r'), replaced_count: 2 })
    expect(await readFile(at('r'), 'utf8')).toBe('$& $&')
    expect((await file('replace', { file: at('r'), old_str: 'zzz', new_str: '' })).body.data).toEqual({ file: at('r'), replaced_count: 0 })
    expect((await file('replace', { file: at('r'), old_str: '', new_str: 'x' })).body).toMatchObject({ success: false, data: { error_type: 'invalid_target' } })
  })
})

describe('list, find and glob', () => {
  beforeAll(async () => {
    await mkdir(at('tree/sub/deep'), { recursive: true })
    await mkdir(at('tree/.hidden'), { recursive: true })
    for (const [name, content] of [
      ['a.py', '1'],
      ['b.txt', '22'],
      ['sub/c.py', '333'],
      ['sub/deep/d.py', ''],
      ['.hidden/e.py', ''],
      ['.f.py', ''],
    ] as const) {
      await writeFile(at(`tree/${name}`), content)
    }
    await symlink('a.py', at('tree/l.py'))
    await symlink('..', at('tree/sub/circle'))
  })
  const list = async (more: object) =>
    (await file('list', { path: at('tree'), ...more })).body.data as unknown as {
      files: { name: string; path: string }[]
      total_count: number
      directory_count: number
      file_count: number
    }

  test('list in the shape that the SDK parses strictly', async () => {
    const found = await list({ show_hidden: false, include_permissions: true })
    expect(found).toMatchObject({ total_count: 4, directory_count: 1, file_count: 3 })
    expect(found.files[0]).toEqual({
      name: 'a.py',
      path: at('tree/a.py'),
      is_directory: false,
      size: 1,
      permissions: expect.stringMatching(/^[0-7]{3}$/),
      extension: '.py',
      modified_time: expect.stringMatching(/^\d{4}-/),
    })
    expect(found.files.at(-1)).toMatchObject({ name: 'sub', is_directory: true, size: null, extension: '' })
  })

  test('list recursively, by depth, type and order; a circle of links ends', async () => {
    const names = async (more: object) => (await list(more)).files.map((each) => each.path.slice(at('tree/').length))
    expect(await names({ recursive: true, show_hidden: false })).toEqual([
      'a.py',
      'b.txt',
      'l.py',
      'sub',
      'sub/c.py',
      'sub/circle',
      'sub/deep',
      'sub/deep/d.py',
    ])
    expect(await names({ recursive: true, max_depth: 1 })).toEqual(['.f.py', '.hidden', 'a.py', 'b.txt', 'l.py', 'sub'])
    expect(await names({ recursive: true, show_hidden: false, file_types: ['.txt'] })).toEqual(['b.txt', 'sub', 'sub/deep'])
    expect((await names({ sort_by: 'size', sort_desc: true }))[0]).toBe('b.txt')
  })

  test.each([
    ['**/*.py', ['a.py', 'l.py', 'sub/c.py', 'sub/deep/d.py']],
    ['*.py', ['a.py', 'l.py']],
    ['sub/*.py', ['sub/c.py']],
    ['**/deep/**', ['sub/deep/d.py']],
    ['**/[a-c].{py,txt}', ['a.py', 'b.txt', 'sub/c.py']],
    ['?.txt', ['b.txt']],
    ['.*', ['.f.py']],
    ['nothing/**', []],
    [`${'*a'.repeat(30)}*b`, []],
  ])('find %j', async (glob, expected) => {
    const { body } = await file('find', { path: at('tree'), glob })
    expect(body).toMatchObject({ success: true, data: { path: at('tree'), files: expected.map((name) => at(`tree/${name}`)) } })
  })

  test('glob with facts, limits, hidden files and exclusions', async () => {
    const { data } = (await file('glob', { path: at('tree'), pattern: '**/*.py', include_hidden: true, exclude: ['deep'], sort_by: 'size', sort_desc: true }))
      .body
    expect(data).toMatchObject({ pattern: '**/*.py', truncated: false, total_count: 5 })
    expect((data['files'] as unknown as unknown[])[0]).toEqual({
      path: at('tree/sub/c.py'),
      name: 'c.py',
      is_directory: false,
      size: 3,
      modified_time: expect.any(String),
    })
    expect((await file('glob', { path: at('tree'), pattern: '**/*.py', max_results: 1 })).body.data).toMatchObject({ total_count: 1, truncated: true })
    expect((await file('glob', { path: at('tree'), pattern: '*', files_only: false, include_metadata: false })).body.data['files']).toContainEqual({
      path: at('tree/sub'),
      name: 'sub',
      is_directory: true,
    })
    expect((await file('glob', { path: at('tree'), pattern: '*', max_results: 0 })).status).toBe(422)
  })
})

describe('str_replace_editor', () => {
  const edit = async (body: object) => (await file('str_replace_editor', { path: at('edit.txt'), ...body })).body

  test('create, replace, insert, view, undo', async () => {
    expect((await edit({ command: 'create', file_text: 'a\nb\na\n' })).data).toMatchObject({
      prev_exist: false,
      old_content: null,
      new_content: 'a\nb\na\n',
      path: at('edit.txt'),
      output: expect.any(String),
    })
    expect(await edit({ command: 'str_replace', old_str: 'a', new_str: 'c' })).toMatchObject({
      success: false,
      data: { error_type: 'invalid_target', message: expect.stringContaining('2 times') },
    })
    expect((await edit({ command: 'str_replace', old_str: 'a', new_str: 'c', replace_mode: 'LAST' })).data['new_content']).toBe('a\nb\nc\n')
    expect((await edit({ command: 'insert', insert_line: 1, new_str: 'x' })).data['new_content']).toBe('a\nx\nb\nc\n')
    expect((await edit({ command: 'view', view_range: [2, 3] })).data['output']).toBe('     2\tx\n     3\tb')
    expect((await edit({ command: 'undo_edit' })).data['new_content']).toBe('a\nb\nc\n')
    await edit({ command: 'undo_edit' })
    await edit({ command: 'undo_edit' })
    expect(await edit({ command: 'undo_edit' })).toMatchObject({ success: false })
    expect(await edit({ command: 'view' })).toMatchObject({ success: false, data: { error_type: 'not_found' } })
    expect((await file('str_replace_editor', { command: 'explode', path: 'relative' })).status).toBe(422)
  })
})

needs('root', 'fuse').describe('a mount whose server is gone', () => {
  test('holds up neither commands nor the answer to whether one can start', async () => {
    await using dead = await deadMount()
    const asked = Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const [name, door] = doors[index % doors.length] ?? doors[0]!
        return door(`${dead.path}/file`).then((answer) => [name, answer])
      }),
    )
    for (let round = 0; round < 3; round += 1) {
      expect((await server.post('/v1/bash/exec', { command: 'echo on' })).body.data['stdout']).toBe('on\n')
      expect((await server.get('/v1/sandbox')).status).toBe(200)
    }
    const there = Array.from({ length: 4 }, () => server.post('/v1/bash/exec', { command: 'true', exec_dir: dead.path }))
    expect((await server.post('/v1/bash/exec', { command: 'pwd', exec_dir: root })).body.data['stdout']).toBe(`${root}\n`)
    for (const { status } of await Promise.all(there)) expect(status).toBe(400)
    await dead.end()
    for (const [, answer] of await asked) expect(answer).toMatchObject({ success: false })
    expect((await file('write', { file: at('after'), content: 'x' })).body.success).toBe(true)
  })

  test('where it has every thread, the sandbox says that no command can start, and is itself again afterwards', async () => {
    await using one = { server: await startSandboxServer({ UV_THREADPOOL_SIZE: '1' }), [Symbol.asyncDispose]: () => one.server.close() }
    await using dead = await deadMount()
    const asked = one.server.post('/v1/file/read', { file: `${dead.path}/file` })
    await until(async () => (await one.server.get('/v1/sandbox')).status === 503)
    // Of which the engine makes what it makes of one that does not answer: hung, and replaced.
    const api = openSandbox({ address: { url: one.server.url, key: null }, clock: systemClock() })
    await expect(api.probe(5000)).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE', message: expect.stringContaining('No command can start') })
    await api.close()
    await dead.end()
    await asked
    await until(async () => (await one.server.get('/v1/sandbox')).status === 200)
  })
})
