import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pathOf, startSandboxServer } from './support.ts'
import type { Running } from './support.ts'
import { needs } from '../../support/parts.ts'

needs('ripgrep').describe('search with ripgrep', () => searches('ripgrep'))
describe('search with the worker', () => searches('the worker'))

function searches(engine: 'ripgrep' | 'the worker'): void {
  let server: Running
  let bin: string
  beforeAll(async () => {
    // A PATH without ripgrep, so that the other engine is proven on machines that have both.
    bin = await pathOf(['bash', 'sh', 'mkfifo'])
    server = await startSandboxServer(engine === 'ripgrep' ? {} : { PATH: bin })
    await mkdir(join(server.home, 't/sub'), { recursive: true })
    await mkdir(join(server.home, 't/.git'))
    await writeFile(join(server.home, 't/a.py'), 'one\nfoo(1)\nthree\nFoo\n')
    await writeFile(join(server.home, 't/sub/b.txt'), 'foo\n')
    await writeFile(join(server.home, 't/.git/c.py'), 'foo\n')
    await writeFile(join(server.home, 't/big.py'), `foo\n${'x'.repeat(2_000_000)}`)
    await writeFile(join(server.home, 't/long.txt'), `${'y'.repeat(50_000)}zebra\n`)
    await writeFile(join(server.home, 't/evil'), `${'a'.repeat(60)}!\n`)
    await writeFile(join(server.home, 't/secret'), 'foo\n')
    await chmod(join(server.home, 't/secret'), 0)
  })
  afterAll(async () => {
    await server.close()
    await rm(bin, { recursive: true, force: true })
  })
  const at = (name: string): string => join(server.home, 't', name)
  const grep = async (more: object) => (await server.post('/v1/file/grep', { path: join(server.home, 't'), ...more })).body
  const files = async (more: object): Promise<string[]> =>
    ((await grep(more)).data['matches'] as unknown as { file: string; line_number: number }[]).map(
      (each) => `${each.file.slice(at('x').length - 1)}:${each.line_number}`,
    )

  test('matches with their lines, context and counts', async () => {
    expect((await grep({ pattern: 'foo', include: ['*.py'], context_before: 1, context_after: 1 })).data).toEqual({
      path: join(server.home, 't'),
      pattern: 'foo',
      match_count: 1,
      files_searched: expect.any(Number),
      files_matched: 1,
      truncated: false,
      matches: [{ file: at('a.py'), line_number: 2, line_content: 'foo(1)', context_before: ['one'], context_after: ['three'] }],
    })
  })

  test('case, fixed strings, globs, depth, size and offsets', async () => {
    const readable = process.getuid?.() === 0 ? ['secret:1'] : []
    expect((await files({ pattern: 'foo', case_insensitive: true })).toSorted()).toEqual(['a.py:2', 'a.py:4', ...readable, 'sub/b.txt:1'])
    expect(await files({ pattern: 'foo(', fixed_strings: true })).toEqual(['a.py:2'])
    expect(await files({ pattern: 'foo', exclude: ['*.py', 'secret'] })).toEqual(['sub/b.txt:1'])
    expect(await files({ pattern: 'foo', include: ['sub/**'] })).toEqual(['sub/b.txt:1'])
    expect(await files({ pattern: 'foo', recursive: false, include: ['*.py', '*.txt'] })).toEqual(['a.py:2'])
    expect((await files({ pattern: 'foo', max_file_size: '10M', include: ['*.py'] })).toSorted()).toEqual(['a.py:2', 'big.py:1'])
    expect(await grep({ pattern: 'o', max_results: 1, include: ['a.py'] })).toMatchObject({ data: { match_count: 1, truncated: true } })
    expect(await files({ pattern: 'o', max_results: 1, offset: 1, include: ['a.py'] })).toEqual(['a.py:2'])
    expect(await files({ pattern: 'nowhere' })).toEqual([])
    expect(JSON.stringify(await grep({ pattern: 'zebra' })).length).toBeLessThan(6000)
  })

  test('wrong patterns and wrong numbers are told apart', async () => {
    expect(await grep({ pattern: 'foo(' })).toMatchObject({
      success: false,
      data: { error_type: 'invalid_target', operation: 'grep', exception_type: 're.error' },
    })
    for (const wrong of [{ max_results: 0 }, { max_results: 10_001 }, { context_before: 21 }, { max_file_size: 'huge' }]) {
      expect((await server.post('/v1/file/grep', { path: '/', pattern: 'a', ...wrong })).status).toBe(422)
    }
  })

  test('search gives lines and their numbers; lookaround works', async () => {
    expect((await server.post('/v1/file/search', { file: at('a.py'), regex: '^[Ff]oo' })).body.data).toEqual({
      file: at('a.py'),
      matches: ['foo(1)', 'Foo'],
      line_numbers: [2, 4],
    })
    expect((await server.post('/v1/file/search', { file: at('a.py'), regex: String.raw`foo(?=\()` })).body.data).toMatchObject({ line_numbers: [2] })
  })

  test('a catastrophic pattern is stopped, and stops nobody else meanwhile', async () => {
    const evil = server.post('/v1/file/search', { file: at('evil'), regex: '^(?=(a+)+$)b' })
    let done = false
    void evil.then(() => {
      done = true
    })
    for (let index = 0; index < 5; index += 1) {
      expect((await server.post('/v1/bash/exec', { command: 'echo free' })).body.data['stdout']).toBe('free\n')
      expect(done).toBe(false)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect((await evil).body).toMatchObject({ success: false, message: expect.stringContaining('stopped') })
  })
}
