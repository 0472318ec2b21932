import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Finding } from './tree.ts'

const isDoc = (file: string) => file === 'README.md' || (file.startsWith('docs/') && file.endsWith('.md'))

/**
 * What the docs name must exist: every `path/of/the/tree` in backticks whose first part is a file or directory of
 * ours (`main/core/`, `scripts/build.mjs`), every relative link, and every `npm run` script.
 */
export function checkDocs(root: string, files: readonly string[]): Finding[] {
  return [...namedPaths(root, files), ...unnamedRooms(root, files)]
}

const map = 'docs/ARCHITECTURE.md'

/** The map names every room of what is shipped: `main/core/`, `renderer/parts/`. */
function unnamedRooms(root: string, files: readonly string[]): Finding[] {
  if (!files.includes(map)) return []
  const text = readFileSync(path.join(root, map), 'utf8')
  const rooms = new Set(files.flatMap((file) => /^(?:app|main|renderer)\/[^/]+\/(?=.*\.tsx?$)/.exec(file)?.[0] ?? []))
  return [...rooms].filter((room) => !text.includes(`\`${room}\``)).map((room) => ({ file: map, problem: `does not name \`${room}\`` }))
}

function namedPaths(root: string, files: readonly string[]): Finding[] {
  const rooms = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]))
  const { scripts = {} } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts?: Record<string, string> }
  return files.filter(isDoc).flatMap((file) => {
    // Fenced blocks hold examples and drawings.
    const text = readFileSync(path.join(root, file), 'utf8').replace(/^(```|~~~).*?^\1/gms, '')
    const missing = (what: string) => ({ file, problem: `names \`${what}\`, which does not exist` })
    const inline = [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '')
    return [
      ...inline.filter((one) => isPath(one, rooms) && !exists(root, one)).map(missing),
      ...inline
        .flatMap((one) => /^npm run ([\w:-]+)/.exec(one)?.[1] ?? [])
        .filter((name) => !Object.hasOwn(scripts, name))
        .map((name) => missing(`npm run ${name}`)),
      ...[...text.matchAll(/\]\(([^)\s]+)\)/g)]
        .map((match) => (match[1] ?? '').split('#')[0] ?? '')
        .filter((link) => link !== '' && !/^[a-z]+:/.test(link) && !existsSync(path.resolve(root, path.dirname(file), link)))
        .map(missing),
    ]
  })
}

function isPath(text: string, rooms: ReadonlySet<string | undefined>): boolean {
  // `out/` is made, not kept; a pattern or a command names no one file.
  return /^[\w.-]+(\/[\w.-]+)*\/?$/.test(text) && text.includes('/') && rooms.has(text.split('/')[0])
}

function exists(root: string, name: string): boolean {
  return existsSync(path.join(root, name))
}
