import type { Dirent, Stats } from 'node:fs'
import { lstat, opendir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { errno } from '../home/disk-error.ts'

export interface Met { readonly path: string; readonly facts: Stats }
/** What could not be looked at, e.g. what a sandbox made for its own root only. */
export interface Unmet { readonly path: string; readonly code: string }

const batchSize = 64
/** A level is an open directory; below this many, names are read at once instead, so that descriptors do not run out. */
const openLevels = 100

/**
 * Everything below a directory, parents before children, in memory that does not grow with the number of files. Links are
 * met, never followed. What vanished meanwhile is left out.
 */
export async function* walk(root: string): AsyncGenerator<Met | Unmet> {
  const stack = [{ depth: 1, batches: level(root, 1) }]
  try {
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = await top.batches.next()
      if (next.done) {
        stack.pop()
        continue
      }
      // Directories last, so that this batch is told of before the walk descends.
      for (const met of next.value) yield met
      const depth = top.depth + 1
      const below = next.value.filter((met) => 'facts' in met && met.facts.isDirectory())
      for (const met of below) stack.push({ depth, batches: level(met.path, depth) })
    }
  } finally {
    for (const { batches } of stack) await batches.return()
  }
}

async function* level(path: string, depth: number): AsyncGenerator<(Met | Unmet)[], void, void> {
  let batch: Promise<Met | Unmet | null>[] = []
  const settle = async () => {
    const met = (await Promise.all(batch)).filter((one) => one !== null)
    batch = []
    return met
  }
  try {
    for await (const { name } of await entries(path, depth)) {
      batch.push(look(join(path, name)))
      if (batch.length >= batchSize) yield await settle()
    }
  } catch (error) {
    if (errno(error) !== 'ENOENT') yield [{ path, code: errno(error) }]
  }
  yield await settle()
}

async function entries(path: string, depth: number): Promise<AsyncIterable<Dirent> | Dirent[]> {
  return depth <= openLevels ? opendir(path) : readdir(path, { withFileTypes: true })
}

async function look(path: string): Promise<Met | Unmet | null> {
  try {
    return { path, facts: await lstat(path) }
  } catch (error) {
    return errno(error) === 'ENOENT' ? null : { path, code: errno(error) }
  }
}
