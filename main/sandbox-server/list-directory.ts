import type { Stats } from 'node:fs'
import { extname } from 'node:path'
import { stat } from './disk.ts'
import { walk } from './walk.ts'
import type { Walked } from './walk.ts'

export interface ListRequest {
  readonly path: string
  readonly recursive: boolean
  readonly show_hidden: boolean
  readonly file_types: readonly string[] | undefined
  readonly max_depth: number | undefined
  readonly include_size: boolean
  readonly include_permissions: boolean
  readonly sort_by: 'name' | 'size' | 'modified' | 'type'
  readonly sort_desc: boolean
}

export interface Listed {
  readonly name: string
  readonly path: string
  readonly is_directory: boolean
  readonly size: number | null
  readonly modified_time: string | null
  readonly permissions: string | null
  readonly extension: string
}

/** More rows than this are of no use to anybody and cost the sandbox its memory. */
const rowLimit = 200_000

export async function listDirectory(request: ListRequest): Promise<Record<string, unknown>> {
  const deepest = request.recursive ? (request.max_depth ?? Infinity) : 1
  const types = request.file_types?.map((each) => (each.startsWith('.') ? each : `.${each}`))
  const files: Listed[] = []
  for await (const each of walk(request.path, (directory) => directory.depth < deepest && visible(directory, request))) {
    if (!visible(each, request) || each.depth > deepest) continue
    if (types && !each.entry.isDirectory() && !types.includes(extname(each.name))) continue
    files.push(await row(each, request))
    if (files.length >= rowLimit) break
  }
  files.sort(order(request))
  const directories = files.filter((each) => each.is_directory).length
  return {
    path: request.path,
    files,
    total_count: files.length,
    directory_count: directories,
    file_count: files.length - directories,
  }
}

function visible(each: Walked, request: ListRequest): boolean {
  return request.show_hidden || !each.name.startsWith('.')
}

async function row(each: Walked, request: ListRequest): Promise<Listed> {
  // A link that leads nowhere is still a row.
  const found: Stats | null = await stat(each.path).catch(() => null)
  const directory = found?.isDirectory() ?? false
  return {
    name: each.name,
    path: each.path,
    is_directory: directory,
    size: request.include_size && found && !directory ? found.size : null,
    modified_time: found ? found.mtime.toISOString() : null,
    permissions: request.include_permissions && found ? (found.mode & 0o777).toString(8).padStart(3, '0') : null,
    extension: directory ? '' : extname(each.name),
  }
}

function order(request: ListRequest): (a: Listed, b: Listed) => number {
  const key = (each: Listed): string | number => {
    if (request.sort_by === 'size') return each.size ?? 0
    if (request.sort_by === 'modified') return each.modified_time ?? ''
    if (request.sort_by === 'type') return `${each.is_directory ? 0 : 1}${each.extension}`
    return each.path
  }
  const sign = request.sort_desc ? -1 : 1
  return (a, b) => {
    const [one, other] = [key(a), key(b)]
    if (one !== other) return one < other ? -sign : sign
    return a.path < b.path ? -1 : 1
  }
}
