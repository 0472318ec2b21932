import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

const built = path.resolve(import.meta.dirname, '../../../out/renderer')

/** The scripts that the page names itself: all of them are there before anything is shown. */
function first(): string[] {
  const page = readFileSync(path.join(built, 'index.html'), 'utf8')
  const names = [...page.matchAll(/<(?:script|link)\b[^>]*?(?:src|href)="\.\/([^"]+\.js)"/g)].flatMap(([, name]) => name ?? [])
  expect(names.length).toBeGreaterThan(1)
  return names
}

const script = (name: string) => readFileSync(path.join(built, name), 'utf8')

it('the first script of the built page is at most 250 KB compressed', () => {
  const sizes = first().map((name) => ({ name, bytes: gzipSync(script(name)).length }))
  const whole = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  expect(whole, JSON.stringify(sizes)).toBeLessThanOrEqual(250_000)
})

it('terminal and charts are in scripts of their own, which the first ones only name', () => {
  const marks = ['xterm-helper-textarea', 'One sample a second while this tab is open.']
  const names = first()
  const others = readdirSync(path.join(built, 'assets')).filter((name) => name.endsWith('.js') && !names.includes(`assets/${name}`))
  for (const mark of marks) {
    expect(names.filter((name) => script(name).includes(mark))).toEqual([])
    expect(others.filter((name) => script(`assets/${name}`).includes(mark))).toHaveLength(1)
  }
})
