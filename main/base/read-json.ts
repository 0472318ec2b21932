import { readFile, rename } from 'node:fs/promises'
import type { z } from 'zod'
import { diskError, errno } from './write-atomic.ts'

/** A file that was not what it should be. `moved`: where it lies now; null where even that failed. */
export interface BrokenFile {
  readonly path: string
  readonly reason: string
  readonly moved: string | null
}

/** `value` is null when the file is absent, and when it was broken. */
export interface JsonRead<T> {
  readonly value: T | null
  readonly broken: BrokenFile | null
}

/**
 * Reads a small JSON file of the home. One that does not parse or does not fit is moved to `{path}.broken` (the newest
 * only, so that they do not pile up) and reported, so that one bad file never stops the engine. Throws HOME_UNUSABLE
 * when the disk itself does not let it be read.
 */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<JsonRead<T>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errno(error) === 'ENOENT') return { value: null, broken: null }
    throw await diskError(error, path, 'read a file of its home')
  }
  const read = parse(text, schema)
  if ('value' in read) return { value: read.value, broken: null }
  const aside = `${path}.broken`
  const moved = await rename(path, aside).then(
    () => aside,
    // Still reported: `moved: null` says that it lies where it was.
    () => null,
  )
  return { value: null, broken: { path, reason: read.reason, moved } }
}

function parse<T>(text: string, schema: z.ZodType<T>): { value: T } | { reason: string } {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (error) {
    return { reason: `not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  const read = schema.safeParse(raw)
  if (read.success) return { value: read.data }
  const first = read.error.issues[0]
  return { reason: `${first?.path.join('.') || 'the whole'}: ${first?.message ?? 'does not fit'}` }
}
