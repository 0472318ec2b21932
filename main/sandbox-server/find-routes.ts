import { basename } from 'node:path'
import type { Call } from './served-call.ts'
import { stat } from './disk.ts'
import { fileOperation, ok, type Reply, sysError } from './reply.ts'
import { glob } from './glob.ts'
import { type Route, work } from './router.ts'
import { bool, listOf, number, oneOf, or, parse, text } from './validate.ts'
import { walk, type Walked } from './walk.ts'

/** Paths in one answer of `find`, which has no limit of its own. */
const findLimit = 100_000

export function findRoutes(): Route[] {
  return [work('POST', '/v1/file/find', 'Find files by a glob', find), work('POST', '/v1/file/glob', 'Find files by a glob, with facts', globFiles)]
}

async function find(call: Call): Promise<Reply> {
  const body = parse(await call.json(), { path: text, glob: text })
  return await fileOperation('find', body.path, async () => {
    const files: string[] = []
    for await (const each of matching(body.path, body.glob, { hidden: false, exclude: [] })) {
      if (!(await isFile(each))) continue
      files.push(each.path)
      if (files.length >= findLimit) break
    }
    return ok({ path: body.path, files: files.toSorted() }, `Found ${files.length} files`)
  })
}

interface Row {
  readonly path: string
  readonly name: string
  readonly is_directory: boolean
  readonly size: number | null
  readonly modified_time: string | null
}

async function globFiles(call: Call): Promise<Reply> {
  const body = parse(await call.json(), {
    path: text,
    pattern: text,
    exclude: or(listOf(text), []),
    include_hidden: or(bool, false),
    files_only: or(bool, true),
    include_metadata: or(bool, true),
    max_results: or(number({ min: 1, max: 50_000, whole: true }), 5000),
    sort_by: or(oneOf('path', 'name', 'size', 'modified'), 'path'),
    sort_desc: or(bool, false),
  })
  return await fileOperation('glob', body.path, async () => {
    const rows: Row[] = []
    let truncated = false
    for await (const each of matching(body.path, body.pattern, { hidden: body.include_hidden, exclude: body.exclude })) {
      if (body.files_only && !(await isFile(each))) continue
      if (rows.length >= body.max_results) {
        truncated = true
        break
      }
      // Needed for sorting too, so it is only left out of the answer.
      const found = body.include_metadata || optionalStat.has(body.sort_by) ? await stat(each.path).catch(() => null) : null
      rows.push({
        path: each.path,
        name: basename(each.path),
        is_directory: found?.isDirectory() ?? each.entry.isDirectory(),
        size: found && !found.isDirectory() ? found.size : null,
        modified_time: found ? found.mtime.toISOString() : null,
      })
    }
    const key = { path: 'path', name: 'name', size: 'size', modified: 'modified_time' } as const
    const by = key[body.sort_by]
    const sign = body.sort_desc ? -1 : 1
    rows.sort((a, b) => {
      const [one, other] = [a[by] ?? 0, b[by] ?? 0]
      return one === other ? (a.path < b.path ? -1 : 1) : one < other ? -sign : sign
    })
    const files = body.include_metadata ? rows : rows.map((row) => ({ path: row.path, name: row.name, is_directory: row.is_directory }))
    return ok({ path: body.path, pattern: body.pattern, files, total_count: files.length, truncated })
  })
}

const optionalStat = new Set(['size', 'modified'])

/** Everything below `path` that the glob names; an absolute glob is taken from `/`. */
async function* matching(path: string, pattern: string, options: { hidden: boolean; exclude: readonly string[] }): AsyncGenerator<Walked> {
  const root = pattern.startsWith('/') ? '/' : path
  if (!(await stat(root)).isDirectory()) throw sysError('ENOTDIR')
  const wanted = glob(pattern, options.hidden)
  // `node_modules` excludes at any depth, `a/b` from the root.
  const unwanted = options.exclude.map((each) => glob(each.includes('/') ? each : `**/${each}`, true))
  const skipped = root.split('/').filter((each) => each !== '').length
  const below = (each: Walked): string[] =>
    each.path
      .split('/')
      .filter((part) => part !== '')
      .slice(-each.depth)
  const excluded = (segments: readonly string[]): boolean => unwanted.some((each) => each.matches(segments))
  const enter = (each: Walked): boolean => {
    const segments = below(each)
    return wanted.enters(segments) && !excluded(segments) && segments.length + skipped < 200
  }
  for await (const each of walk(root, enter)) {
    const segments = below(each)
    if (wanted.matches(segments) && !excluded(segments)) yield each
  }
}

/** Files and links to files; a link that leads nowhere is neither. */
async function isFile(each: Walked): Promise<boolean> {
  if (each.entry.isFile()) return true
  if (!each.entry.isSymbolicLink()) return false
  return (await stat(each.path).catch(() => null))?.isFile() ?? false
}
