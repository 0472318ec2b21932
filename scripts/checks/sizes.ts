import path from 'node:path'
import type { Finding } from './tree.ts'
import { readModule } from './imports.ts'

/** A file of the product: how long it is, and what of the product it imports and is imported by. */
interface Measured {
  readonly file: string
  readonly lines: number
  readonly imports: readonly string[]
  readonly importers: readonly string[]
}

export interface Sizes {
  readonly files: number
  readonly median: number
  readonly p90: number
  /** Above `long` lines, with why they are one concept; null: for no reason. */
  readonly long: readonly { readonly file: string; readonly lines: number; readonly reason: string | null }[]
  /** Below `short` lines and imported from one place alone, with why it stands by itself; null: for no reason. */
  readonly short: readonly { readonly file: string; readonly lines: number; readonly reason: string | null }[]
  /** Loose files of main/. */
  readonly loose: readonly string[]
  /** Files that import each other, types included. */
  readonly circles: readonly (readonly string[])[]
}

const shipped = /^(app|main|renderer|shared)\/.*\.tsx?$/
const long = 400
const short = 40

/** What decides or has the words is read, and tested, without a page. */
const byName: readonly (readonly [RegExp, string])[] = [
  [/\.logic\.ts$/, 'decides, and is tested without a page'],
  [/\.words\.ts$/, 'the words of a screen, for whoever translates them'],
]
const byFile: Readonly<Record<string, string>> = {
  'app/native/diagnostics.ts': 'beside the other native things of the shell',
  'main/backends/none/none-backend.ts': 'a backend',
  'main/calls/live/event-topic.ts': 'a topic, beside the others',
  'main/calls/rpc/bind-handlers.ts': 'the one place that lists the handlers; tests bind a part of them',
  'main/core/identified.ts': 'a backend around a backend: the provider knows only the interface',
  'main/house/home/own-command.ts': 'the program that this is, and nothing of the home',
  'main/house/home/token.ts': 'a file of the home, beside the others',
  'renderer/activity/sign.tsx': 'drawings',
  'renderer/commands/listen-keys.ts': 'the one that listens; the others only decide',
  'renderer/frame/screens.tsx': 'the list of screens',
  'renderer/sandbox/tabs.ts': 'the list of a sandbox’s parts',
  'renderer/start.tsx': 'starts the page without knowing what it runs in: the gallery starts it as well',
  'renderer/transport/electron-native.ts': 'one of two that are the same to the page',
}

/** Longer than most, and one thing all the same. */
const oneConcept: Readonly<Record<string, string>> = {
  'main/doctor/checks/home.ts': 'what the doctor looks at in a home, check by check',
  'renderer/actions/shutdown-dialog.tsx': 'one dialog with its three pages: what it asks, how it goes, how it went',
  'renderer/sandbox/overview.tsx': 'one page of facts, a small part for each',
  'renderer/sandbox/terminal/terminal-pane.tsx': 'one terminal: its tabs, keys, menu and search act on the same thing',
  'renderer/sandboxes/list/sandbox-list.tsx': 'one row with its cells, which are measured against each other',
}

/** Of the product: tests and scripts count neither as files nor as importers. */
export function measure(root: string, files: readonly string[]): Sizes {
  const all = measured(
    root,
    files.filter((file) => shipped.test(file)),
  )
  const sorted = all.map(({ lines }) => lines).sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0
  return {
    files: all.length,
    median: at(0.5),
    p90: at(0.9),
    long: all.filter(({ lines }) => lines > long).map(({ file, lines }) => ({ file, lines, reason: oneConcept[file] ?? null })),
    short: all.filter(({ lines, importers }) => lines < short && importers.length === 1).map(({ file, lines }) => ({ file, lines, reason: reasonOf(file) })),
    loose: all.map(({ file }) => file).filter((file) => /^main\/[^/]+$/.test(file)),
    circles: circlesIn(all),
  }
}

/** What a file is cut off for is said here; a circle has no reason. */
export function checkSizes(root: string, files: readonly string[]): Finding[] {
  const sizes = measure(root, files)
  return [
    ...sizes.long.filter(({ reason }) => reason === null).map(({ file }) => ({ file, problem: `has more than ${long} lines: is it one concept?` })),
    ...sizes.short
      .filter(({ reason }) => reason === null)
      .map(({ file }) => ({
        file,
        problem: `has fewer than ${short} lines and one importer: it belongs there, or scripts/checks/sizes.ts says why not`,
      })),
    ...[...Object.keys(byFile), ...Object.keys(oneConcept)]
      .filter((file) => files.includes(file) && !sizes.short.some((one) => one.file === file) && !sizes.long.some((one) => one.file === file))
      .map((file) => ({ file, problem: 'needs no reason any more: scripts/checks/sizes.ts has one' })),
    ...sizes.circles.map((circle) => ({ file: circle[0] ?? '', problem: `imports itself by way of ${circle.slice(1).join(', ')}` })),
  ]
}

function reasonOf(file: string): string | null {
  return byFile[file] ?? byName.find(([name]) => name.test(file))?.[1] ?? null
}

function measured(root: string, files: readonly string[]): Measured[] {
  const known = new Set(files)
  const read = files.map((file) => {
    const { imports, text } = readModule(root, file)
    const targets = imports.filter((name) => name.startsWith('.')).map((name) => path.posix.join(path.posix.dirname(file), name))
    return { file, lines: text.split('\n').length - 1, imports: [...new Set(targets.filter((target) => known.has(target)))] }
  })
  const importers = new Map<string, string[]>()
  for (const { file, imports } of read) for (const target of imports) importers.set(target, [...(importers.get(target) ?? []), file])
  return read.map((one) => ({ ...one, importers: importers.get(one.file) ?? [] }))
}

/** Strongly connected parts of more than one file (Tarjan). */
function circlesIn(all: readonly Measured[]): string[][] {
  const imports = new Map(all.map((one) => [one.file, one.imports]))
  const seen = new Map<string, { at: number; low: number; open: boolean }>()
  const stack: string[] = []
  const circles: string[][] = []
  const visit = (file: string): { at: number; low: number; open: boolean } => {
    const own = { at: seen.size, low: seen.size, open: true }
    seen.set(file, own)
    stack.push(file)
    for (const target of imports.get(file) ?? []) {
      const other = seen.get(target)
      if (!other) own.low = Math.min(own.low, visit(target).low)
      else if (other.open) own.low = Math.min(own.low, other.at)
    }
    if (own.low === own.at) {
      const circle = stack.splice(stack.indexOf(file))
      for (const one of circle) (seen.get(one) ?? own).open = false
      if (circle.length > 1) circles.push(circle.sort())
    }
    return own
  }
  for (const { file } of all) if (!seen.has(file)) visit(file)
  return circles
}
