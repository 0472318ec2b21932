import { builtinModules } from 'node:module'
import path from 'node:path'
import { backendKind } from '../../shared/sandbox.ts'
import type { Finding } from './tree.ts'
import { readModule } from './imports.ts'

interface Wall {
  /** Other rooms it may import. */
  readonly rooms: readonly string[]
  readonly node: boolean
  readonly mayImport: (name: string, file: string) => boolean
  readonly why: string
}

const screens = new Set(['react', 'react-dom', 'zustand', 'jsdom', 'cmdk', '@base-ui/react', '@tanstack/react-virtual'])
const isScreen = (name: string) => screens.has(name) || name.startsWith('@xterm/')

/** Who may import what. A room that is not listed may import anything, and nobody may import it. */
const walls: Readonly<Record<string, Wall>> = {
  shared: { rooms: [], node: false, mayImport: (name) => name === 'zod', why: 'shared/ imports nothing but zod and itself' },
  main: {
    rooms: ['shared'],
    node: true,
    mayImport: (name) => name !== 'electron' && !isScreen(name),
    why: 'the engine imports shared/ and itself, no Electron and no screens',
  },
  app: {
    // Thin wrappers have the real one; whatever decides gets them handed in, and is tested without it.
    rooms: ['main', 'shared'],
    node: true,
    mayImport: (name, file) => !isScreen(name) && (name !== 'electron' || file.startsWith('app/electron/')),
    why: 'the shell imports main/, shared/ and itself, no screens; Electron in app/electron/ only',
  },
  renderer: {
    rooms: ['shared'],
    node: false,
    mayImport: (name) => name !== 'electron',
    why: 'a page imports shared/ and itself, neither Node nor Electron',
  },
  scripts: { rooms: ['main', 'shared'], node: true, mayImport: () => true, why: 'scripts/ imports no test and no screen' },
}

interface Wing {
  /** Its own rooms, floor by floor from the highest: each imports what stands on lower floors, and loose files of the wing. */
  readonly floors?: readonly (readonly string[])[]
  /** What of npm it may use, beside zod. */
  readonly packages: readonly string[]
  /** Decides and does nothing: no module of Node, no clock, no chance, no process. */
  readonly pure?: boolean
}

/** The wings of main/, from the highest: each imports what stands below it. Above all of them, its two loose files. */
const wings: Readonly<Record<string, Wing>> = {
  engine: { packages: [] },
  cli: { packages: ['commander'] },
  doctor: { packages: [] },
  doors: { packages: ['ws', '@modelcontextprotocol/server'], floors: [['bridge'], ['mcp', 'provisioner'], ['client'], ['http', 'wire']] },
  calls: { packages: [], floors: [['live'], ['rpc']] },
  work: { packages: ['ws'], floors: [['commands', 'terminals']] },
  house: { packages: ['yaml', 'proper-lockfile', 'prom-client'], floors: [['events', 'metrics', 'tokens', 'workspace'], ['config'], ['home']] },
  core: { packages: [], pure: true },
  backends: { packages: ['dockerode', 'tar-stream', 'undici'], floors: [['docker', 'embedded', 'none', 'remote']] },
  sandbox: { packages: ['undici'] },
  base: { packages: ['ws'] },
  'sandbox-server': { packages: ['ws'] },
}
const order = Object.keys(wings)

/** The rooms of renderer/, floor by floor from the highest. A screen never imports another one; parts know no screen. Above all of them, its two loose files. */
const page: { readonly floors: readonly (readonly string[])[] } = {
  floors: [
    ['frame'],
    ['activity', 'bridge', 'images', 'sandbox', 'sandboxes', 'settings'],
    ['actions', 'connect'],
    ['commands', 'state'],
    ['parts'],
    ['transport', 'words'],
  ],
}
const loose = new Set(['main/cli.ts', 'main/open.ts', 'renderer/main.tsx', 'renderer/start.tsx'])

/** Import statements that cross a wall, types included, and effects where none belong. `files` are relative to `root`. */
export function checkWalls(root: string, files: readonly string[]): Finding[] {
  return files
    .filter((file) => /\.[cm]?[jt]sx?$/.test(file) && Object.hasOwn(walls, roomOf(file)))
    .flatMap((file) => {
      const { imports, values, program, text } = readModule(root, file)
      const crossed = imports.flatMap((name) => {
        const why = whyNot(file, name)
        return why === null ? [] : [{ file, problem: `imports '${name}': ${why}` }]
      })
      return [
        ...crossed,
        ...hidden
          .filter(([pattern]) => shipped.has(roomOf(file)) && pattern.test(text))
          .map(([, what]) => ({ file, problem: `imports by ${what}, where no check sees what` })),
        ...(wingOf(file)?.pure
          ? values
              .filter((name) => whyNot(file, name) === null && !mayUse(file, name))
              .map((name) => ({ file, problem: `imports '${name}': what decides takes types from other wings, and effects from main/core/deps.ts` }))
          : []),
        ...(wingOf(file)?.pure
          ? effectsIn(program).map((what) => ({ file, problem: `uses ${what}: what decides gets its clock, its chance and its effects handed in` }))
          : []),
        ...(mayAskKind(file)
          ? []
          : kindsAsked(program).map((kind) => ({
              file,
              problem: `asks whether it is '${kind}': what a backend can do is data (shared/backends.ts, its traits)`,
            }))),
      ]
    })
}

const shipped = new Set(['app', 'main', 'renderer', 'shared'])
const hidden: readonly (readonly [RegExp, string])[] = [
  [/\bimport\.meta\.glob\b/, 'import.meta.glob'],
  [/\bcreateRequire\b/, 'createRequire'],
  [/(?:from|import\()\s*['"`]berth['"`]/, 'its own package name'],
]

/** Of other wings a pure one runs only what is pure itself. */
function mayUse(file: string, name: string): boolean {
  if (!name.startsWith('.')) return true
  const target = path.posix.join(path.posix.dirname(file), name)
  return roomOf(target) !== 'main' || wingOf(target) === wingOf(file) || target === 'main/base/gate.ts'
}

function whyNot(file: string, name: string): string | null {
  const wall = walls[roomOf(file)]
  if (wall === undefined) return null
  if (!allowed(wall, file, name)) return wall.why
  if (roomOf(file) === 'main') return whyNotInMain(file, name)
  return roomOf(file) === 'renderer' ? whyNotOnPage(file, name) : null
}

/** Within renderer/: climbing, or from a screen to another; and what only decides or only says uses no library. */
function whyNotOnPage(file: string, name: string): string | null {
  const logic = /\.(logic|words)\.ts$/.test(file)
  if (!name.startsWith('.')) return logic ? 'what decides or has the words uses no library' : null
  const target = path.posix.join(path.posix.dirname(file), name)
  if (roomOf(target) !== 'renderer' || loose.has(file)) return null
  if (file.split('/').length === 2) return 'renderer/ has two loose files, main.tsx and start.tsx, and rooms that scripts/checks/walls.ts knows'
  const [from, to] = [floorOnPage(file), floorOnPage(target)]
  if (from.floor < 0) return `scripts/checks/walls.ts does not know renderer/${from.room}/`
  return from.room === to.room || to.floor > from.floor ? null : `renderer/${from.room}/ stands no higher than renderer/${to.room}/`
}

function floorOnPage(file: string): { room: string; floor: number } {
  const [, room = '', rest] = file.split('/')
  return { room: rest === undefined ? '' : room, floor: rest === undefined ? -1 : page.floors.findIndex((rooms) => rooms.includes(room)) }
}

/** Within main/: climbing from a wing to a higher one, or from floor to floor, or to a room beside. */
function whyNotInMain(file: string, name: string): string | null {
  if (loose.has(file)) return null
  const [, own = ''] = file.split('/')
  const wing = wingOf(file)
  if (wing === undefined) return 'main/ has two loose files, cli.ts and open.ts, and wings that scripts/checks/walls.ts knows'
  if (name.startsWith('.')) {
    const target = path.posix.join(path.posix.dirname(file), name)
    if (roomOf(target) !== 'main') return null
    const [, other = ''] = target.split('/')
    if (other === 'sandbox-server' && own !== other) return 'main/sandbox-server/ runs elsewhere: nobody imports it'
    if (other !== own)
      return order.indexOf(other) > order.indexOf(own) ? null : `main/${own}/ stands no higher than ${loose.has(target) ? target : `main/${other}/`}`
    const [from, to] = [floorOf(wing, file), floorOf(wing, target)]
    if (from.floor < 0) return `scripts/checks/walls.ts does not know main/${own}/${from.room}/`
    return from.room === to.room || to.floor > from.floor ? null : `main/${own}/${from.room} stands no higher than main/${own}/${to.room}`
  }
  if (name.startsWith('node:') || builtinModules.includes(name)) return wing.pure ? `main/${own}/ decides, and touches nothing` : null
  return name === 'zod' || wing.packages.includes(packageOf(name)) ? null : `of npm, main/${own}/ uses ${['zod', ...wing.packages].join(', ')}`
}

function wingOf(file: string): Wing | undefined {
  const [room, wing = '', rest] = file.split('/')
  return room === 'main' && rest !== undefined && Object.hasOwn(wings, wing) ? wings[wing] : undefined
}

/** Loose files of a wing lie below its rooms. */
function floorOf({ floors = [] }: Wing, file: string): { room: string; floor: number } {
  const [, , room = '', rest] = file.split('/')
  const floor = floors.findIndex((rooms) => rooms.includes(room))
  return rest === undefined || floors.length === 0 ? { room: '', floor: floors.length } : { room, floor: floor < 0 ? -1 : floor }
}

const forbidden = new Set(['process', 'performance', 'console', 'globalThis', 'crypto', 'fetch', 'setTimeout', 'setInterval', 'setImmediate'])

/** What reaches for the world without an import. */
function effectsIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(effectsIn)
  if (typeof node !== 'object' || node === null) return []
  const it = node as { type?: string; name?: string; computed?: boolean; object?: Named; property?: Named; callee?: Named; init?: Named; arguments?: unknown[] }
  if (it.type === 'Identifier') return forbidden.has(it.name ?? '') ? [it.name ?? ''] : []
  const found: string[] = []
  const member = it.property?.name ?? it.property?.value
  if (it.type === 'MemberExpression' && it.object?.name === 'Date' && member === 'now') found.push('Date.now')
  if (it.type === 'MemberExpression' && it.object?.name === 'Math' && member === 'random') found.push('Math.random')
  if (it.type === 'MemberExpression' && it.object?.name === 'AbortSignal' && member === 'timeout') found.push('AbortSignal.timeout')
  if (it.type === 'VariableDeclarator' && (it.init?.name === 'Date' || it.init?.name === 'Math')) found.push(it.init.name)
  if (it.type === 'CallExpression' && it.callee?.name === 'Date') found.push('Date()')
  if (it.type === 'NewExpression' && it.callee?.name === 'Date' && it.arguments?.length === 0) found.push('new Date()')
  // Names of members and keys are nobody's global.
  const inner = Object.entries(node).flatMap(([key, value]) => ((key === 'property' || key === 'key') && !it.computed ? [] : effectsIn(value)))
  return [...found, ...inner]
}

interface Named {
  readonly name?: string
  readonly value?: unknown
}

const kinds = new Set<string>(backendKind.exclude(['none']).options)

/** Who picks a backend or is one. */
function mayAskKind(file: string): boolean {
  return !/^(app|main|renderer|shared)\//.test(file) || /^main\/(backends|engine)\//.test(file)
}

/** Comparisons of a `kind` or a `backend` with the name of one. */
function kindsAsked(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(kindsAsked)
  if (typeof node !== 'object' || node === null) return []
  const it = node as { type?: string; operator?: string; left?: Side; right?: Side; discriminant?: Side; cases?: { test: Side | null }[] }
  const found: string[] = []
  const pair = (given: Side | undefined, value: Side | null | undefined) => {
    const name = given?.expression ?? given
    const said = String(value?.value ?? value?.quasis?.[0]?.value.cooked)
    if (/(?:^|backend\.?)kind$|backend$/i.test(String(name?.property?.name ?? name?.property?.value ?? name?.name ?? '')) && kinds.has(said)) found.push(said)
  }
  if (it.type === 'BinaryExpression' && /^[!=]==?$/.test(it.operator ?? '')) {
    pair(it.left, it.right)
    pair(it.right, it.left)
  }
  if (it.type === 'SwitchStatement') for (const { test } of it.cases ?? []) pair(it.discriminant, test)
  return [...found, ...Object.values(node).flatMap(kindsAsked)]
}

interface Side {
  readonly type?: string
  readonly name?: string
  readonly value?: unknown
  readonly property?: { readonly name?: string; readonly value?: unknown }
  /** Of `a?.b`. */
  readonly expression?: Side
  readonly quasis?: readonly { readonly value: { readonly cooked: string } }[]
}

function allowed(wall: Wall, file: string, name: string): boolean {
  if (name.startsWith('.')) {
    const target = path.posix.join(path.posix.dirname(file), name)
    if (target === 'package.json') return wall.node
    const room = roomOf(target)
    return room === roomOf(file) || wall.rooms.includes(room)
  }
  if (name.startsWith('node:') || builtinModules.includes(name)) return wall.node
  return wall.mayImport(packageOf(name), file)
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? ''
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}
