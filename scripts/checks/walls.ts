import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import path from 'node:path'
import { parseSync } from 'vite'
import type { Finding } from './finding.ts'

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
    rooms: ['shared'], node: true, mayImport: (name) => name !== 'electron' && !isScreen(name),
    why: 'the engine imports shared/ and itself, no Electron and no screens',
  },
  app: {
    // Thin wrappers have the real one; whatever decides gets them handed in, and is tested without it.
    rooms: ['main', 'shared'], node: true, mayImport: (name, file) => !isScreen(name) && (name !== 'electron' || file.startsWith('app/electron/')),
    why: 'the shell imports main/, shared/ and itself, no screens; Electron in app/electron/ only',
  },
  renderer: {
    rooms: ['shared'], node: false, mayImport: (name) => name !== 'electron',
    why: 'a page imports shared/ and itself, neither Node nor Electron',
  },
  scripts: { rooms: ['main', 'shared'], node: true, mayImport: () => true, why: 'scripts/ imports no test and no screen' },
}

/** Import statements that cross a wall, types included. `files` are relative to `root`. */
export function checkWalls(root: string, files: readonly string[]): Finding[] {
  return files
    .filter((file) => /\.(m?[jt]s|tsx)$/.test(file) && Object.hasOwn(walls, roomOf(file)))
    .flatMap((file) => importsOf(root, file).flatMap((name) => {
      const wall = walls[roomOf(file)]
      return wall === undefined || allowed(wall, file, name) ? [] : [{ file, problem: `imports '${name}': ${wall.why}` }]
    }))
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

function importsOf(root: string, file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8')
  const { module } = parseSync(file, text)
  return [
    ...module.staticImports.map((one) => one.moduleRequest.value),
    ...module.staticExports.flatMap((one) => one.entries.flatMap((entry) => (entry.moduleRequest ? [entry.moduleRequest.value] : []))),
    // A computed one has no name to check.
    ...module.dynamicImports.flatMap((one) => {
      const literal = /^(['"])(.*)\1$/.exec(text.slice(one.moduleRequest.start, one.moduleRequest.end))
      return literal?.[2] === undefined ? [] : [literal[2]]
    }),
  ]
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? ''
}

function packageOf(name: string): string {
  return name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/')
}
