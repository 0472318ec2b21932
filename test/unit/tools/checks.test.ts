import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkDocs } from '../../../scripts/checks/docs.ts'
import { readModule } from '../../../scripts/checks/imports.ts'
import { checkNames } from '../../../scripts/checks/names.ts'
import { checkPatches } from '../../../scripts/checks/patches.ts'
import { checkSizes } from '../../../scripts/checks/sizes.ts'
import { filesOf } from '../../../scripts/checks/tree.ts'
import { checkWalls } from '../../../scripts/checks/walls.ts'

const root = path.resolve(import.meta.dirname, '..', '..', '..')
let tree: string

beforeEach(() => {
  tree = mkdtempSync(path.join(tmpdir(), 'berth-checks-'))
})
afterEach(() => rmSync(tree, { recursive: true, force: true }))

function put(files: Record<string, string>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(tree, file)), { recursive: true })
    writeFileSync(path.join(tree, file), text)
  }
}

describe('walls', () => {
  const breaches: readonly (readonly [what: string, file: string, text: string])[] = [
    ['electron outside its wrappers', 'app/menus/a.ts', "import { app } from 'electron'\nconsole.log(app)\n"],
    ['electron in the engine', 'main/base/a.ts', "import { app } from 'electron'\nconsole.log(app)\n"],
    ['a screen in the engine', 'main/base/a.ts', "export { useState } from 'react'\n"],
    ['the shell in the engine', 'main/base/a.ts', "import { b } from '../../app/b.ts'\nconsole.log(b)\n"],
    ['a test in the engine', 'main/base/a.ts', "import { b } from '../../test/support/b.ts'\nconsole.log(b)\n"],
    ['a type of the engine in a page', 'renderer/a.ts', "import type { B } from '../main/b.ts'\nexport type A = B\n"],
    ['Node in a page', 'renderer/a.tsx', "import fs from 'node:fs'\nconsole.log(fs)\n"],
    ['Node by its old name in a page', 'renderer/a.ts', "import fs from 'fs'\nconsole.log(fs)\n"],
    ['Electron in a page, loaded later', 'renderer/a.ts', "export const load = () => import('electron')\n"],
    ['a package in shared/', 'shared/a.ts', "export * from 'yaml'\n"],
    ['Node in shared/', 'shared/a.ts', "import os from 'node:os'\nconsole.log(os)\n"],
    ['a room in shared/', 'shared/calls/a.ts', "import { b } from '../../main/b.ts'\nconsole.log(b)\n"],
    ['a page in the shell', 'app/a.ts', "import { b } from '../renderer/b.ts'\nconsole.log(b)\n"],
    ['a third loose file in the engine', 'main/a.ts', "import { b } from './base/b.ts'\nconsole.log(b)\n"],
    ['a wing that nobody knows', 'main/attic/a.ts', "import { b } from '../base/b.ts'\nconsole.log(b)\n"],
    ['a room of a wing that nobody knows', 'main/backends/attic/a.ts', "import { b } from '../docker/b.ts'\nconsole.log(b)\n"],
    ['a wing that climbs', 'main/core/a.ts', "import type { B } from '../doors/http/b.ts'\nexport type A = B\n"],
    ['a wing that climbs to the top', 'main/core/a.ts', "import type { B } from '../cli.ts'\nexport type A = B\n"],
    ['a backend in another', 'main/backends/docker/a.ts', "import { b } from '../embedded/b.ts'\nconsole.log(b)\n"],
    ['a door in the one beside it', 'main/doors/mcp/a.ts', "import { b } from '../provisioner/b.ts'\nconsole.log(b)\n"],
    ['a door in the one above it', 'main/doors/http/a.ts', "import { b } from '../bridge/b.ts'\nconsole.log(b)\n"],
    ['a room in a loose file of its wing', 'main/backends/backend.ts', "import { b } from './docker/b.ts'\nconsole.log(b)\n"],
    ['dockerode outside its backend', 'main/sandbox/a.ts', "import Docker from 'dockerode'\nconsole.log(Docker)\n"],
    ['Node where only decisions are', 'main/core/a.ts', "import { readFile } from 'node:fs/promises'\nconst b = readFile\nexport const a = b\n"],
    ['a clock where only decisions are', 'main/core/a.ts', 'export const a = () => Date.now()\n'],
    ['a timer where only decisions are', 'main/core/deep/a.ts', 'export const a = (run: () => void) => setTimeout(run, 1)\n'],
    ['chance where only decisions are', 'main/core/a.ts', 'export const a = () => [1].map(() => Math.random())\n'],
    ['the environment where only decisions are', 'main/core/a.ts', "export const a = process.env['HOME']\n"],
    ['a question for a kind of backend', 'main/core/a.ts', "export const a = (b: { kind: string }) => b.kind === 'docker'\n"],
    [
      'the same on a page, by cases',
      'renderer/state/a.ts',
      "export function a(backend: string): number {\n  switch (backend) {\n    case 'embedded': return 1\n    default: return 0\n  }\n}\n",
    ],
    ['a wing that climbs by a template', 'main/core/a.ts', 'export const a = () => import(`../doors/http/b.ts`)\n'],
    [
      'an effect from below where only decisions are',
      'main/core/a.ts',
      "import { writeAtomic } from '../base/write-atomic.ts'\nexport const a = writeAtomic\n",
    ],
    ['an effect from below that is handed on', 'main/core/a.ts', "export { writeAtomic } from '../base/write-atomic.ts'\n"],
    ['an effect from below that is loaded later', 'main/core/a.ts', "export const a = () => import('../base/write-atomic.ts')\n"],
    ['the sandboxes’ server in the engine', 'main/base/a.ts', "import { b } from '../sandbox-server/b.ts'\nconsole.log(b)\n"],
    ['the global object where only decisions are', 'main/core/a.ts', 'export const a = globalThis.setTimeout\n'],
    ['a clock by another name where only decisions are', 'main/core/a.ts', 'const { now } = Date\nexport const a = now\n'],
    ['identifiers of the system where only decisions are', 'main/core/a.ts', 'export const a = () => crypto.randomUUID()\n'],
    ['a question for a kind of backend that may not be there', 'renderer/state/a.ts', 'export const a = (h?: { kind: string }) => h?.kind === `docker`\n'],
    ['whatever there is, on a page', 'renderer/parts/a.ts', "export const a = import.meta.glob('../settings/*.tsx')\n"],
    ['the engine by its own name on a page', 'renderer/parts/a.ts', "export const a = () => import('berth')\n"],
    ['Node in an older form of file', 'renderer/parts/a.cjs', "import fs from 'node:fs'\nconsole.log(fs)\n"],
    ['a third loose file in a page', 'renderer/a.ts', "import { b } from './parts/b.ts'\nconsole.log(b)\n"],
    ['a room of the page that nobody knows', 'renderer/attic/a.ts', "import { b } from '../parts/b.ts'\nconsole.log(b)\n"],
    ['a screen in another', 'renderer/images/a.tsx', "import { B } from '../settings/b.tsx'\nexport const a = <B />\n"],
    ['a screen in a part', 'renderer/parts/a.tsx', "import type { B } from '../sandbox/b.tsx'\nexport type A = B\n"],
    ['a room of the page that climbs', 'renderer/state/a.ts', "import { b } from '../actions/b.ts'\nconsole.log(b)\n"],
    ['a library where a page decides', 'renderer/sandbox/a.logic.ts', "import { useState } from 'react'\nexport const a = useState\n"],
    ['a test in the scripts', 'scripts/a.mjs', "import { b } from '../test/support/b.ts'\nconsole.log(b)\n"],
  ]
  it.each(breaches)('find %s', (_, file, text) => {
    put({ [file]: text })
    expect(checkWalls(tree, filesOf(tree)).map((one) => one.file)).toEqual([file])
  })

  it('let through what belongs', () => {
    put({
      'shared/a.ts': "import { z } from 'zod'\nimport { b } from './b.ts'\nconsole.log(z, b)\n",
      'main/house/config/a.ts':
        "import fs from 'node:fs'\nimport yaml from 'yaml'\nimport { z } from '../../../shared/a.ts'\nimport { b } from '../home/b.ts'\nimport { c } from '../../core/c.ts'\nimport p from '../../../package.json' with { type: 'json' }\nconsole.log(fs, yaml, z, p, b, c)\n",
      'main/cli.ts': "import { run } from './cli/run.ts'\nrun()\n",
      'main/core/a.ts': "import type { Clock } from '../base/clock.ts'\nexport const a = (clock: Clock) => new Date(clock.wall())\n",
      'main/backends/docker/a.ts':
        "import Docker from 'dockerode'\nimport type { B } from '../backend.ts'\nexport const a: B = Docker\nexport const b = (kind: string) => kind === 'docker'\n",
      'app/electron/system.ts': "import { app } from 'electron'\nconsole.log(app)\n",
      'app/main.ts': "console.log(import('../main/engine.ts'))\n",
      'renderer/main.tsx':
        "import { useState } from 'react'\nimport type { A } from '../shared/a.ts'\nimport { b } from './frame/b.ts'\nexport const x: A = <p>{useState}{b}</p>\n",
      'renderer/sandbox/a.tsx':
        "import { b } from '../actions/b.ts'\nimport { c } from './deep/c.ts'\nimport { d } from '../parts/d.ts'\nconsole.log(b, c, d)\n",
      'test/unit/a.ts': "import { a } from '../../main/a.ts'\nimport { b } from '../../scripts/b.ts'\nconsole.log(a, b)\n",
    })
    expect(checkWalls(tree, filesOf(tree))).toEqual([])
  })
})

describe('sizes', () => {
  const lines = (count: number) => Array.from({ length: count }, (_, at) => `export const a${at} = ${at}\n`).join('')
  const found = () => checkSizes(tree, filesOf(tree)).map(({ file }) => file)
  it('find what is cut off for nothing, what is too long, and a circle, types included', () => {
    put({ 'main/a.ts': `import { a0 } from './small.ts'\nconsole.log(a0)\n${lines(40)}`, 'main/small.ts': lines(39), 'main/long.ts': lines(401) })
    expect(found()).toEqual(['main/long.ts', 'main/small.ts'])
    put({
      'main/small.ts': `import type { B } from './b.ts'\nexport const a0: B = 0\n${lines(40)}`,
      'main/b.ts': `export type { B } from './a.ts'\n${lines(40)}`,
      'main/long.ts': lines(400),
    })
    expect(found()).toEqual(['main/a.ts'])
  })
  it('find a reason that nothing needs any more', () => {
    put({ 'main/core/identified.ts': lines(80) })
    expect(found()).toEqual(['main/core/identified.ts'])
  })
  it('let through what two need, what is for a reason, and whatever does not ship', () => {
    put({
      'main/a.ts': `import { a0 } from './small.ts'\nconsole.log(a0)\n${lines(40)}`,
      'main/b.ts': `import { a0 } from './small.ts'\nconsole.log(a0)\n${lines(40)}`,
      'main/small.ts': lines(3),
      'renderer/a.tsx': `import { a0 } from './a.logic.ts'\nconsole.log(a0)\n${lines(40)}`,
      'renderer/a.logic.ts': lines(3),
      'test/a.ts': `import { a0 } from './b.ts'\nconsole.log(a0)\n${lines(500)}`,
      'test/b.ts': lines(3),
    })
    expect(found()).toEqual([])
  })
})

describe('names', () => {
  it.each(['main/deepThought.ts', 'main/SomeRoom/a.ts', 'renderer/screens/List.tsx', 'scripts/do_it.mjs', 'main/calls/rpc/index.ts'])('refuse %s', (file) => {
    expect(checkNames([file]).map((one) => one.file)).toEqual([file])
  })
  it('let through kebab-case, tests, configs and whatever is not code', () => {
    expect(
      checkNames(['main/a-b.ts', 'test/unit/a-b/c-1.test.ts', 'vitest.config.ts', 'docs/ARCHITECTURE.md', 'main/backends/docker/lite/Dockerfile']),
    ).toEqual([])
  })
})

describe('docs', () => {
  beforeEach(() => put({ 'package.json': '{ "scripts": { "build": "" } }', 'main/a.ts': '', 'docs/there.md': '' }))
  it.each([
    ['a room that is gone', '`main/gone/`'],
    ['a file that is gone', '`main/b.ts`'],
    ['a link to nowhere', '[x](gone.md)'],
    ['a script that is gone', '`npm run nothing`'],
  ])('may not name %s', (_, text) => {
    put({ 'docs/a.md': `See ${text}.\n` })
    expect(checkDocs(tree, filesOf(tree)).map((one) => one.file)).toEqual(['docs/a.md'])
  })
  it('may name what is there, what is not ours, and anything in an example', () => {
    put({
      'README.md':
        '`main/a.ts`, `main/`, `npm run build -- --quiet`, `GET /v1/sandbox`, `a/b`, [x](docs/there.md#part), [y](https://a.example/)\n```\n`main/b.ts`\n```\n',
    })
    expect(checkDocs(tree, filesOf(tree))).toEqual([])
  })
})

describe('patches', () => {
  const patch = (from: string) => `--- a/main/a.ts\n+++ b/main/a.ts\n@@ -1 +1 @@\n-${from}\n+guard(false)\n`
  it('must apply to the tree as it is', () => {
    put({ 'main/a.ts': 'guard(true)\n', 'test/d01.patch': patch('guard(true)'), 'test/d02.patch': patch('guard(once)') })
    expect(checkPatches(tree, filesOf(tree))).toEqual([{ file: 'test/d02.patch', problem: expect.stringContaining('main/a.ts') as unknown }])
  })
})

describe('oxlint, as configured', () => {
  /** The rules that it finds broken in the files put there. */
  function broken(files: Record<string, string>): string[] {
    put({ 'tsconfig.json': '{ "compilerOptions": { "strict": true, "module": "preserve", "allowImportingTsExtensions": true, "noEmit": true } }', ...files })
    copyFileSync(path.join(root, '.oxlintrc.json'), path.join(tree, '.oxlintrc.json'))
    symlinkSync(path.join(root, 'node_modules'), path.join(tree, 'node_modules'))
    const run = spawnSync(process.execPath, [path.join(root, 'node_modules/oxlint/bin/oxlint'), '--type-aware', '-f', 'json'], { cwd: tree, encoding: 'utf8' })
    const { diagnostics } = JSON.parse(run.stdout) as { diagnostics: { code: string; severity: string }[] }
    return [...new Set(diagnostics.map((one) => `${one.severity} ${one.code}`))].sort()
  }

  it.each([
    ['a floating promise', 'async function work(): Promise<void> { await Promise.resolve() }\nwork()\n', 'error typescript(no-floating-promises)'],
    ['a promise where none is awaited', 'export const a = [1].forEach(async () => { await Promise.resolve() })\n', 'error typescript(no-misused-promises)'],
    ['any', 'export const a = (x: any) => x\n', 'error typescript(no-explicit-any)'],
    ['a default export', 'export default 1\n', 'error import(no-default-export)'],
    ['an empty catch', 'export function a() { try { JSON.parse("") } catch {} }\n', 'error eslint(no-empty)'],
    ['a type imported as a value', "import { B } from './b.ts'\nexport const a: B = 1\n", 'error typescript(consistent-type-imports)'],
  ])('finds %s', (_, text, rule) => {
    expect(broken({ 'main/a.ts': text, 'main/b.ts': 'export type B = number\n' })).toContain(rule)
  })

  it('finds a circle made of types alone', () => {
    expect(
      broken({
        'main/a.ts': "import type { B } from './b.ts'\nexport interface A { readonly b: B }\n",
        'main/b.ts': "import type { A } from './a.ts'\nexport interface B { readonly a: A }\n",
      }),
    ).toEqual(['error import(no-cycle)'])
  })

  it('finds nothing in what is right', () => {
    expect(broken({ 'main/a.ts': 'export async function a(): Promise<number> {\n  return await Promise.resolve(1)\n}\n' })).toEqual([])
  })
})

describe('the `berth` command', () => {
  it('loads nothing that talks to sandboxes or container engines before it is asked to serve', () => {
    const known = new Set<string>()
    const packages = new Set<string>()
    const visit = (file: string): void => {
      if (known.has(file)) return
      known.add(file)
      for (const name of readModule(root, file).loaded) {
        if (name.startsWith('.')) visit(path.posix.join(path.posix.dirname(file), name))
        else packages.add(name)
      }
    }
    visit('main/cli.ts')
    expect(known.size).toBeGreaterThan(20)
    for (const heavy of ['undici', 'dockerode', 'prom-client', 'tar-stream']) expect(packages).not.toContain(heavy)
  })
})
