import { expect, test } from 'vitest'
import { plainOf, runsOf } from '../../../../renderer/sandbox/logs/ansi.logic.ts'

const esc = '\u001b'

test.each([
  ['plain text', [['plain text', {}]]],
  ['', []],
  [
    `${esc}[31mred${esc}[0m and not`,
    [
      ['red', { color: 'var(--ansi-red)' }],
      [' and not', {}],
    ],
  ],
  [
    `${esc}[1;92mok${esc}[22;39m.`,
    [
      ['ok', { bold: true, color: 'var(--ansi-bright-green)' }],
      ['.', {}],
    ],
  ],
  [`${esc}[38;5;208mwide`, [['wide', { color: 'rgb(255 135 0)' }]]],
  [`${esc}[38;5;3mname`, [['name', { color: 'var(--ansi-yellow)' }]]],
  [`${esc}[48;2;1;2;3mback`, [['back', { back: 'rgb(1 2 3)' }]]],
  [`${esc}[38:2::9:8:7mcolon`, [['colon', { color: 'rgb(9 8 7)' }]]],
  [`${esc}[38;2;300;0;0mout of range`, [['out of range', {}]]],
  [`${esc}[mreset by nothing`, [['reset by nothing', {}]]],
  [`a${esc}[2Kb${esc}[10;20Hc`, [['abc', {}]]],
  [`a${esc}]0;title\u0007b${esc}]8;;https://x.example${esc}\\c`, [['abc', {}]]],
  [`a${esc}P1$r0m${esc}\\b`, [['ab', {}]]],
  [`a${esc}(Bb\u0007c\rd\te`, [['abcd\te', {}]]],
  [`cut ${esc}[3`, [['cut ', {}]]],
  [`cut ${esc}]52;c;aGk`, [['cut ', {}]]],
  ['<b onclick="x">&amp;</b>', [['<b onclick="x">&amp;</b>', {}]]],
] as const)('%j', (line, expected) => {
  expect(runsOf(line).map(({ text, look }) => [text, JSON.parse(JSON.stringify(look))])).toEqual(expected)
  expect(plainOf(line)).toBe(expected.map(([text]) => text).join(''))
})

test('a line of nothing but escapes takes no longer for each when it is long', () => {
  const time = (count: number): number => {
    const line = `${esc}[31`.repeat(count) + `${esc}]`.repeat(count)
    return Math.min(
      ...[0, 1, 2].map(() => {
        // Of this thread alone: a clock on the wall would measure what else the machine does.
        const from = process.threadCpuUsage()
        runsOf(line)
        const { user, system } = process.threadCpuUsage(from)
        return (user + system) / 1000
      }),
    )
  }
  time(2000)
  // Quadratic work would take 64 times as long.
  expect(time(16_000)).toBeLessThan(Math.max(1, time(2000)) * 32)
})
