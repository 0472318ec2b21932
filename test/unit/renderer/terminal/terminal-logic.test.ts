import { expect, test } from 'vitest'
import {
  actionOf,
  afterClose,
  asksBefore,
  chunksOf,
  isReport,
  lineCount,
  longPaste,
  pastedText,
  sessionToShow,
  targetOf,
} from '../../../../renderer/sandbox/terminal/terminal.logic.ts'

test('a paste of several lines is asked about, unless the program can tell a paste', () => {
  expect([asksBefore('ls -l', false), asksBefore('ls\n', false), asksBefore('a\rb', false), asksBefore('a\nb', true)]).toEqual([null, 'lines', 'lines', null])
  expect(asksBefore('x'.repeat(longPaste + 1), true)).toBe('long')
  expect([lineCount('a'), lineCount('a\n'), lineCount('a\r\nb'), lineCount('a\n\nb\n')]).toEqual([1, 1, 2, 3])
})

test('a paste cannot end its own brackets', () => {
  expect(pastedText('a\u001b[201~rm\r\nb\tc\u0003', true)).toBe('\u001b[200~a[201~rm\rb\tc\u001b[201~')
  expect(pastedText('a\nb', false)).toBe('a\rb')
})

test('a large paste goes in pieces, none of which cuts a character', () => {
  const text = 'ab😀c😀😀'.repeat(50)
  for (const size of [1, 2, 3, 7, 4096]) {
    const chunks = chunksOf(text, size)
    expect(chunks.join('')).toBe(text)
    expect(chunks.every((chunk) => !/[\ud800-\udbff]$/.test(chunk))).toBe(true)
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(Math.max(size, 2))
  }
})

test.each([
  ['https://docs.example.com/a?b#c', 'https://docs.example.com/a?b#c', 'docs.example.com', null],
  ['http://127.0.0.1:8000', 'http://127.0.0.1:8000/', '127.0.0.1:8000', null],
  ['https://bank.example@evil.example/', 'https://bank.example@evil.example/', 'evil.example', 'login'],
  ['https://b\u0430nk.example/', 'https://xn--bnk-6cd.example/', 'xn--bnk-6cd.example', 'script'],
])('%s leads somewhere', (uri, href, host, odd) => {
  expect(targetOf(uri)).toEqual({ href, host, odd, own: host === '127.0.0.1:8000' })
})

test.each(['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,x', 'vscode://x', 'example.com', '', `https://x.example/${'y'.repeat(5000)}`])(
  '%s leads nowhere',
  (uri) => {
    expect(targetOf(uri)).toBeNull()
  },
)

test("Ctrl+Shift is ours, ⌘ on a Mac; the rest is the program's", () => {
  const key = (text: string) => ({
    key: text.at(-1) ?? '',
    ctrl: text.includes('C-'),
    meta: text.includes('M-'),
    shift: text.includes('S-'),
    alt: text.includes('A-'),
  })
  const each = (mac: boolean, ...keys: string[]) => keys.map((one) => actionOf(key(one), mac))
  expect(each(false, 'C-S-C', 'C-S-v', 'C-S-F', 'C-S-k', 'C-c', 'C-k', 'M-c', 'A-b', 'x', 'C-A-S-c')).toEqual([
    'copy',
    'paste',
    'find',
    'app',
    null,
    null,
    null,
    null,
    null,
    null,
  ])
  expect(each(true, 'M-c', 'M-v', 'M-f', 'M-k', 'C-c', 'C-S-c', 'x')).toEqual(['copy', 'paste', 'find', 'app', null, null, null])
})

test('what a terminal reports by itself', () => {
  expect(['\u001b[I', '\u001b[O', '\u001b[?997;1n', '\u001b[A', 'I', '\u001bOI'].map(isReport)).toEqual([true, true, true, false, false, false])
})

test('which session is shown', () => {
  const terminal = (id: string, created_at: string, ended: string | null = null) => ({
    id,
    sandbox: '0'.repeat(16),
    title: id,
    created_at,
    cols: 80,
    rows: 24,
    ended,
  })
  const all = [terminal('a', '1'), terminal('b', '2'), terminal('c', '3', 'over')]
  expect([
    sessionToShow(all, 'a')?.id,
    sessionToShow(all, null)?.id,
    sessionToShow(all, 'gone')?.id,
    sessionToShow(all.slice(2), null)?.id,
    sessionToShow([], 'a'),
  ]).toEqual(['a', 'b', 'b', 'c', null])
  expect([afterClose(all, 'a'), afterClose(all, 'c'), afterClose(all.slice(0, 1), 'a')]).toEqual(['b', 'b', null])
})
