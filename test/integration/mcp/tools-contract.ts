import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv'
import { expect, it } from 'vitest'
import type { Sandbox } from '../../../shared/sandbox.ts'
import { eventually } from '../../support/wait.ts'
import type { Mcp, Told } from './clients.ts'

/** What a suite gives: a client, the thread it works under, and a look into the sandbox that does not go through MCP. */
export interface Subject {
  readonly mcp: Mcp
  /** Given with every call; the protocol of 2026 needs that, the others may leave it out. */
  readonly at: { readonly thread?: string }
  /** Runs a command in the sandbox of the client's thread. */
  inside(command: string): Promise<string>
  sandboxes(): Promise<readonly Sandbox[]>
}

const names = ['command_run', 'file_list', 'file_read', 'file_search', 'file_write', 'sandbox_acquire', 'sandbox_destroy', 'sandbox_list', 'sandbox_release']

/** The Python SDK refuses an event above this. */
const eventLimit = 1_048_576

/** The one suite of all clients, protocols and transports. The tests build on each other, in their order. */
export function toolsContract(subject: () => Subject): void {
  it('lists nine tools, with schemas that compile, descriptions and hints', async () => {
    const tools = await subject().mcp.tools()
    expect(tools.map(({ name }) => name).toSorted()).toEqual(names)
    const validator = new AjvJsonSchemaValidator()
    for (const tool of tools) {
      expect(tool.description?.length, tool.name).toBeGreaterThan(40)
      expect(tool.inputSchema['type'], tool.name).toBe('object')
      expect(tool.outputSchema?.['type'], tool.name).toBe('object')
      expect(validator.getValidator(tool.inputSchema)({ nonsense: 1 }).valid, tool.name).toBe(false)
      validator.getValidator(tool.outputSchema ?? {})
    }
    const hintsOf = (name: string) => tools.find((tool) => tool.name === name)?.annotations
    expect(hintsOf('file_read')).toMatchObject({ readOnlyHint: true, destructiveHint: false })
    expect(hintsOf('sandbox_destroy')).toMatchObject({ readOnlyHint: false, destructiveHint: true })
    expect(hintsOf('command_run')).toMatchObject({ readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true })
    expect(hintsOf('sandbox_acquire')).toMatchObject({ destructiveHint: false, idempotentHint: true })
  })

  it('starts a sandbox, and tells how that goes on', async () => {
    const { mcp, at } = subject()
    const told: Told[] = []
    const got = await mcp.call('sandbox_acquire', at, { onProgress: (it) => void told.push(it) })
    expect(got.isError, got.text).toBeFalsy()
    expect(got.data).toMatchObject({ status: 'active', path: 'cold' })
    expect(got.text).toContain('/mnt/user-data')
    expect(told.length).toBeGreaterThan(0)
    expect(told.map(({ progress }) => progress)).toEqual(told.map(({ progress }) => progress).toSorted((a, b) => a - b))
  })

  it('runs a command: exit code, both streams, working directory, variables', async () => {
    const { mcp, at } = subject()
    const got = await mcp.call('command_run', { ...at, command: 'pwd; echo "$GREETING"; echo oops >&2; exit 3', cwd: '/tmp', env: { GREETING: 'hello' } })
    expect(got.isError, got.text).toBeFalsy()
    expect(got.data).toMatchObject({ exit_code: 3, status: 'completed', stdout: '/tmp\nhello\n', stderr: 'oops\n', truncated: false })
    expect(got.text).toBe('/tmp\nhello\n[stderr]\noops\n[exit code 3]')
  })

  it('writes, reads, lists and searches files', async () => {
    const { mcp, at } = subject()
    const dir = '/mnt/user-data/workspace/notes'
    const path = `${dir}/a.txt`
    expect((await mcp.call('file_write', { ...at, path, content: 'one\ntwo ünï\n' })).data).toMatchObject({ path, size: 14 })
    expect((await mcp.call('file_write', { ...at, path, content: 'three\n', append: true })).data).toMatchObject({ size: 6 })
    expect((await mcp.call('file_read', { ...at, path })).data).toMatchObject({ content: 'one\ntwo ünï\nthree\n', size: 20, truncated: false })
    expect((await mcp.call('file_read', { ...at, path, first_line: 2, lines: 1 })).text).toBe('two ünï\n')
    expect((await mcp.call('file_read', { ...at, path, encoding: 'base64' })).data['content']).toBe(Buffer.from('one\ntwo ünï\nthree\n').toString('base64'))
    expect((await mcp.call('file_list', { ...at, path: dir })).data['files']).toMatchObject([{ name: 'a.txt', directory: false, size: 20 }])
    const found = await mcp.call('file_search', { ...at, pattern: '^t\\w+', include: ['*.txt'] })
    expect(found.data).toMatchObject({
      truncated: false,
      matches: [
        { file: path, line: 2, text: 'two ünï' },
        { file: path, line: 3, text: 'three' },
      ],
    })
    expect((await mcp.call('file_search', { ...at, pattern: 'o.e', fixed: true })).data['matches']).toEqual([])
    expect((await mcp.call('file_search', { ...at, pattern: 'T', max_results: 1, ignore_case: true })).data['truncated']).toBe(true)
  })

  it('tells what a long command says, while it runs', async () => {
    const { mcp, at } = subject()
    const told: Told[] = []
    const got = await mcp.call(
      'command_run',
      { ...at, command: 'for i in 1 2 3; do echo "line $i"; sleep 1; done' },
      { onProgress: (it) => void told.push(it) },
    )
    expect(got.data['stdout']).toBe('line 1\nline 2\nline 3\n')
    expect(told.filter(({ message }) => message?.includes('line')).length).toBeGreaterThan(1)
  })

  it('a cancel ends the command, in the sandbox', async () => {
    const { mcp, at, inside } = subject()
    const cancel = new AbortController()
    // Does not match itself.
    const running = async () => (await inside("pgrep -f 'sleep 4321[.]5'")) !== ''
    const call = mcp.call('command_run', { ...at, command: 'exec sleep 4321.5' }, { signal: cancel.signal }).then(
      () => 'answered',
      () => 'cancelled',
    )
    await eventually('the command runs', running)
    cancel.abort()
    expect(await call).toBe('cancelled')
    await eventually('the command is gone', async () => !(await running()))
  })

  it.each([
    ['plain', 'x', 480_000],
    // Six bytes each in JSON.
    ['control characters', '\\001', 480_000],
    ['by default', 'x', undefined],
  ])('cuts an output of 3 MB (%s), says so, and keeps both ends', async (_, character, max) => {
    const { mcp, at } = subject()
    const command = `echo first; head -c 3000000 /dev/zero | tr '\\0' '${character}'; echo; echo last`
    const got = await mcp.call('command_run', { ...at, command, ...(max === undefined ? {} : { max_output: max }) })
    expect(got.isError, got.text.slice(0, 500)).toBeFalsy()
    expect(Buffer.byteLength(JSON.stringify(got.raw)) + 1000).toBeLessThan(eventLimit)
    expect(got.data).toMatchObject({ truncated: true, exit_code: 0 })
    expect(got.data['notes']).toHaveLength(1)
    const stdout = got.data['stdout'] as string
    expect(stdout.startsWith('first\n')).toBe(true)
    expect(stdout.endsWith('last\n')).toBe(true)
    expect(got.text).toContain('Output was cut')
    expect(stdout.length).toBeLessThan((max ?? 30_000) + 200)
    expect(stdout.length).toBeGreaterThan(character === 'x' ? (max ?? 30_000) * 0.9 : 50_000)
  })

  it('cuts a file of 3 MB, and refuses what would be of no use cut', async () => {
    const { mcp, at, inside } = subject()
    const path = '/mnt/user-data/workspace/big'
    await inside(`seq 1 400000 > ${path}`)
    const got = await mcp.call('file_read', { ...at, path, max_output: 480_000 })
    expect(Buffer.byteLength(JSON.stringify(got.raw)) + 1000).toBeLessThan(eventLimit)
    expect(got.data['truncated']).toBe(true)
    expect(got.text).toMatch(/^1\n2\n/)
    expect(got.text).toContain('400000 lines')
    expect((await mcp.call('file_read', { ...at, path, first_line: 399_999, lines: 5 })).text).toBe('399999\n400000\n')
    const bytes = await mcp.call('file_read', { ...at, path, encoding: 'base64' })
    expect(bytes).toMatchObject({ isError: true, meta: { 'berth/error': { code: 'TOO_LARGE' } } })
    await inside(`rm ${path}`)
  })

  it('a failure is a result with code, message and next step', async () => {
    const { mcp, at } = subject()
    const missing = await mcp.call('file_read', { ...at, path: '/mnt/user-data/workspace/nothing' })
    expect(missing.isError).toBe(true)
    expect(missing.meta['berth/error']).toMatchObject({ code: 'FILE_NOT_FOUND', retry: false })
    expect(missing.text).toMatch(/^FILE_NOT_FOUND: .+\nNext: .+/s)
    const wrong = await mcp.call('file_read', { ...at, path: 'relative' })
    expect(wrong.isError).toBe(true)
    expect(wrong.text).toMatch(/^BAD_INPUT: .*`path`.*absolute/)
    const nobody = await mcp.call('command_run', { id: 'f'.repeat(16), command: 'true' })
    expect(nobody.meta['berth/error']).toMatchObject({ code: 'SANDBOX_NOT_FOUND' })
    const pattern = await mcp.call('file_search', { ...at, pattern: '(' })
    expect(pattern.isError, pattern.text).toBe(true)
  })

  it('lists, releases and destroys', async () => {
    const { mcp, at, sandboxes } = subject()
    const listed = await mcp.call('sandbox_list')
    const [id] = (listed.data['sandboxes'] as Sandbox[]).map((it) => it.id)
    expect(listed.data['sandboxes']).toMatchObject([{ status: 'active', holders: [{ holder: expect.stringMatching(/^mcp:/) }] }])
    expect((await mcp.call('command_run', { id, command: 'echo by id' })).data['stdout']).toBe('by id\n')
    expect((await mcp.call('sandbox_release', at)).data).toMatchObject({ released: true, sandbox: { status: 'warm' } })
    expect((await mcp.call('sandbox_release', at)).data).toMatchObject({ released: false })
    expect((await mcp.call('sandbox_destroy', at)).data).toEqual({ destroyed: true })
    await eventually('it is gone', async () => (await sandboxes()).length === 0)
  })

  it('a tool makes the sandbox that it needs; the files are still there', async () => {
    const { mcp, at } = subject()
    const got = await mcp.call('file_read', { ...at, path: '/mnt/user-data/workspace/notes/a.txt' })
    expect(got.data['content']).toBe('one\ntwo ünï\nthree\n')
  })
}
