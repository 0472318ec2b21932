import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { shellLine } from '../../../shared/shell-quote.ts'

/** What bash itself makes of the line: the words, ended by NUL. */
function wordsOf(argv: readonly string[]): string[] {
  const out = execFileSync('bash', ['-c', shellLine(['printf', '%s\\0', ...argv])], { encoding: 'utf8' })
  return out.split('\0').slice(0, -1)
}

it('gives a program exactly these words', () => {
  const words = [
    '',
    ' ',
    'plain',
    "it's",
    "''",
    '"',
    '$HOME',
    '`id`',
    '$(id)',
    '\\',
    'a\nb',
    '\t',
    '*',
    '?',
    '[a]',
    '{a,b}',
    '~',
    '~root',
    '!!',
    '#x',
    ';',
    '&&',
    '|',
    '>',
    '<(x)',
    'A=1',
    '-n',
    '--',
    '%1',
    'häß',
    '🐟',
    '\u0001',
  ]
  expect(wordsOf(words)).toEqual(words)
})

it.each(['if', 'time', '[[', '{', 'function', 'coproc', '!', 'A=1', '~'])('%s as the first word is the name of a program', (name) => {
  const run = () => execFileSync('bash', ['-c', `PATH=/nowhere; ${shellLine([name])}`], { encoding: 'utf8', stdio: 'pipe' })
  expect(run).toThrow(/not found|No such file/)
})
