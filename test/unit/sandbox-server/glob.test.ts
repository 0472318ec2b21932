import { describe, expect, test } from 'vitest'
import { glob } from '../../../main/sandbox-server/glob.ts'

const matches = (pattern: string, path: string, hidden = false): boolean => glob(pattern, hidden).matches(path.split('/'))

describe('a glob', () => {
  test.each([
    ['*.py', 'a.py', true],
    ['*.py', 'd/a.py', false],
    ['*', '.a', false],
    ['.*', '.a', true],
    ['?', 'ä', true],
    ['?', '😀', true],
    ['**', 'a/b', true],
    ['**', '.a/b', false],
    ['a/**', 'a', true],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/c/d/b', true],
    ['a//./b', 'a/b', true],
    ['[!a].py', 'b.py', true],
    ['[!a].py', 'a.py', false],
    ['[^a]', 'a', false],
    ['[]a]', ']', true],
    ['[a-c]', 'b', true],
    ['[a-]', '-', true],
    ['a[', 'a[', true],
    ['{a,b}', 'b', true],
    ['{a/b,c}/d', 'a/b/d', true],
    ['a{,b}', 'a', true],
    ['{a,{b,c}}', 'c', true],
    ['{a}', '{a}', true],
  ])('%s of %s: %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected)
  })

  // What other libraries give a meaning is a name here, as it is for Python.
  test.each(['(a).py', 'a|b', '+(a)', '!x', String.raw`a\b`, '"a"', 'a$b', 'a^b', '{1..3}', '@(a)'])('%s is a name', (name) => {
    expect(matches(name, name)).toBe(true)
  })

  test('hidden names come on demand, and where the pattern has the dot', () => {
    expect([matches('**/*', '.a/b'), matches('**/*', '.a/b', true), matches('**/.a/*', 'd/.a/b')]).toEqual([false, true, true])
  })

  test('what cannot have a match is not entered', () => {
    expect(['a', 'a/b', 'c', 'a/b/c'].map((path) => glob('a/*/d', false).enters(path.split('/')))).toEqual([true, true, false, false])
  })

  test('no pattern keeps the server busy', () => {
    const started = performance.now()
    expect(matches(`${'*a'.repeat(100)}*b`, 'a'.repeat(255))).toBe(false)
    expect(matches(`${'**/a/'.repeat(50)}b`, Array.from({ length: 200 }, () => 'a').join('/'))).toBe(false)
    expect(matches('{a,b}'.repeat(200), 'c')).toBe(false)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})
