import { expect, test } from 'vitest'
import {
  bytesOf,
  contentOf,
  crumbsOf,
  imageType,
  joined,
  linesOf,
  type Mount,
  ownDirectory,
  parentOf,
  placeOf,
  savedName,
  shownName,
  sorted,
  sortedBy,
} from '../../../../renderer/sandbox/files/files.logic.ts'

const mounts: Mount[] = [
  { host: '/home/me/Berth/t/user-data', container: '/mnt/user-data', mode: 'rw', kind: 'extra' },
  { host: '/home/me/Berth/t/user-data/workspace', container: '/mnt/user-data/workspace', mode: 'rw', kind: 'workspace' },
  { host: 'C:\\skills\\', container: '/mnt/skills', mode: 'ro', kind: 'skills' },
]

test.each([
  ['/mnt/user-data/workspace/a b/c', 'workspace', '/home/me/Berth/t/user-data/workspace/a b/c'],
  ['/mnt/user-data', 'extra', '/home/me/Berth/t/user-data'],
  ['/mnt/user-data2/x', undefined, null],
  ['/mnt/skills/pdf/run.py', 'skills', 'C:\\skills\\pdf\\run.py'],
  ['/tmp', undefined, null],
])('%s on the host', (path, kind, host) => {
  expect(placeOf(path, mounts).mount?.kind).toBe(kind)
  expect(placeOf(path, mounts).host).toBe(host)
})

test('ways up and down', () => {
  expect(crumbsOf('/mnt/user-data').map(({ path }) => path)).toEqual(['/', '/mnt', '/mnt/user-data'])
  expect([parentOf('/'), parentOf('/a'), parentOf('/a/b')]).toEqual([null, '/', '/a'])
  expect([joined('/', 'a'), joined('/a', 'b')]).toEqual(['/a', '/a/b'])
  expect([
    ownDirectory('/mnt/user-data/workspace', mounts),
    ownDirectory('/mnt/user-data', mounts),
    ownDirectory('/mnt/user-data/workspace/x', mounts),
  ]).toEqual(['workspace', null, null])
})

test.each([
  ['plain.txt', 'plain.txt', 'plain.txt'],
  ['Prüfung 試験.md', 'Prüfung 試験.md', 'Prüfung 試験.md'],
  ['invoice\u202egpj.exe', 'invoice\\u{202e}gpj.exe', 'invoicegpj.exe'],
  ['a\u001b[31mb', 'a\\x1b[31mb', 'a[31mb'],
  ['two\nlines', 'two\\nlines', 'twolines'],
  ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}', 'zerowidth'],
  ['..', '..', 'file'],
  ['a/b\\c:d', 'a/b\\c:d', 'a_b_c_d'],
])('the name %j', (name, shown, saved) => {
  expect(shownName(name)).toBe(shown)
  expect(savedName(name)).toBe(saved)
})

test('what a file is, its bytes say', () => {
  const png = bytesOf('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')
  const text = (of: string) => contentOf(new TextEncoder().encode(of))
  expect(contentOf(png)).toEqual({ kind: 'image', type: 'image/png' })
  expect(text('<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>')).toMatchObject({ kind: 'text' })
  expect(text('<!doctype html><script>x()</script>')).toMatchObject({ kind: 'text' })
  expect(text('')).toEqual({ kind: 'text', text: '' })
  expect(contentOf(new Uint8Array([1, 2, 0, 3]))).toEqual({ kind: 'binary' })
  expect(contentOf(Uint8Array.from({ length: 4000 }, (_, at) => 128 + (at % 64)))).toEqual({ kind: 'binary' })
  expect(contentOf(new Uint8Array([0x63, 0x61, 0x66, 0xe9]))).toMatchObject({ kind: 'text' })
  expect([
    imageType(new Uint8Array([0xff, 0xd8, 0xff, 0xe0])),
    imageType(new TextEncoder().encode('GIF89a')),
    imageType(new TextEncoder().encode('RIFFxxxxWEBP')),
    imageType(new TextEncoder().encode('GIF88a')),
    imageType(new TextEncoder().encode('RIFFxxxxWAVE')),
    imageType(new Uint8Array([0x89])),
  ]).toEqual(['image/jpeg', 'image/gif', 'image/webp', null, null, null])
})

test('a text is bounded in lines and in their length', () => {
  expect(linesOf('a\r\nb\n')).toEqual({ lines: ['a', 'b'], rest: 0 })
  expect(linesOf('\n')).toEqual({ lines: [''], rest: 0 })
  const { lines, rest } = linesOf(`${'x'.repeat(30)}\n`.repeat(5), 3, 10)
  expect([lines.length, rest, lines[0]]).toEqual([3, 2, `${'x'.repeat(10)} … (20 more characters)`])
})

test('directories first, then by what is asked, hidden ones only when asked for', () => {
  const file = (name: string, directory: boolean, size: number | null, modified_at: string | null) => ({ name, path: `/${name}`, directory, size, modified_at })
  const files = [
    file('b10', false, 5, '2026-01-02'),
    file('b9', false, 50, null),
    file('.git', true, null, null),
    file('z', true, null, null),
    file('a', false, 5, '2026-01-03'),
  ]
  const compare = new Intl.Collator('en', { numeric: true }).compare
  const names = (...given: Parameters<typeof sorted> extends [unknown, ...infer R] ? R : never) => sorted(files, ...given).map(({ name }) => name)
  expect(names({ by: 'name', up: true }, false, compare)).toEqual(['z', 'a', 'b9', 'b10'])
  expect(names({ by: 'name', up: false }, true, compare)).toEqual(['z', '.git', 'b10', 'b9', 'a'])
  expect(names({ by: 'size', up: false }, false, compare)).toEqual(['z', 'b9', 'a', 'b10'])
  expect(names({ by: 'changed', up: false }, false, compare)).toEqual(['z', 'a', 'b10', 'b9'])
  expect(sortedBy({ by: 'name', up: true }, 'size')).toEqual({ by: 'size', up: false })
  expect(sortedBy({ by: 'size', up: false }, 'size')).toEqual({ by: 'size', up: true })
})
