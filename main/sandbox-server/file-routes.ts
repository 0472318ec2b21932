import type { Stats } from 'node:fs'
import { extname } from 'node:path'
import type { Call } from './served-call.ts'
import { FileError, fileOperation, ok, type Reply } from './reply.ts'
import { countLines, readLines, readText } from './read-file.ts'
import { type Route, work } from './router.ts'
import { bool, listOf, number, oneOf, optional, or, parse, text } from './validate.ts'
import { appendToFile, replaceFile } from './write-file.ts'
import { stat } from './disk.ts'
import { walk, type Walked } from './walk.ts'

const line = optional(number({ min: 0, whole: true }))
const sudo = or(bool, false)

/** Whole-file operations. `sudo` is taken and ignored: the server has every right that its user has. */
export function fileRoutes(): Route[] {
  return [
    work('POST', '/v1/file/read', 'Read a text file', read),
    work('POST', '/v1/file/write', 'Write a file', write),
    work('POST', '/v1/file/replace', 'Replace text in a file', replace),
    work('POST', '/v1/file/list', 'List a directory', list),
  ]
}

async function read(call: Call): Promise<Reply> {
  const body = parse(await call.json(), { file: text, start_line: line, end_line: line, sudo })
  return await fileOperation('read', body.file, async () => {
    if (body.start_line === undefined && body.end_line === undefined) {
      const content = await readText(body.file)
      return ok({ content, line_count: countLines(content), file: body.file }, 'File read successfully')
    }
    const lines = await readLines(body.file, body.start_line ?? 0, body.end_line ?? Infinity)
    return ok({ content: lines.content, line_count: lines.count, file: body.file }, 'File read successfully')
  })
}

async function write(call: Call): Promise<Reply> {
  const body = parse(await call.json(), {
    file: text,
    content: text,
    encoding: or(oneOf('utf-8', 'base64', 'raw'), 'utf-8'),
    append: or(bool, false),
    leading_newline: or(bool, false),
    trailing_newline: or(bool, false),
    sudo,
  })
  return await fileOperation('write', body.file, async () => {
    const parts = [bytes(body.content, body.encoding)]
    if (body.leading_newline) parts.unshift(Buffer.from('\n'))
    if (body.trailing_newline) parts.push(Buffer.from('\n'))
    const content = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
    await (body.append ? appendToFile : replaceFile)(body.file, content)
    return ok({ file: body.file, bytes_written: content.length }, 'File written successfully')
  })
}

/** `raw` is latin-1: one character, one byte. */
function bytes(content: string, encoding: 'utf-8' | 'base64' | 'raw'): Buffer {
  if (encoding === 'utf-8') return Buffer.from(content, 'utf8')
  if (encoding === 'raw') return Buffer.from(content, 'latin1')
  const stripped = content.replaceAll(/\s/g, '')
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(stripped)) {
    throw new FileError('decode_error', 'The content is not base64', { exception: 'binascii.Error' })
  }
  return Buffer.from(stripped, 'base64')
}

async function replace(call: Call): Promise<Reply> {
  const body = parse(await call.json(), { file: text, old_str: text, new_str: text, sudo })
  return await fileOperation('replace', body.file, async () => {
    if (body.old_str === '') throw new FileError('invalid_target', 'The text to replace is empty', { exception: 'ValueError' })
    const parts = (await readText(body.file)).split(body.old_str)
    if (parts.length > 1) await replaceFile(body.file, Buffer.from(parts.join(body.new_str), 'utf8'))
    return ok({ file: body.file, replaced_count: parts.length - 1 }, `Replaced ${parts.length - 1} occurrences`)
  })
}

async function list(call: Call): Promise<Reply> {
  const body = parse(await call.json(), {
    path: text,
    recursive: or(bool, false),
    show_hidden: or(bool, true),
    file_types: optional(listOf(text)),
    max_depth: optional(number({ min: 0, whole: true })),
    include_size: or(bool, true),
    include_permissions: or(bool, false),
    sort_by: or(oneOf('name', 'size', 'modified', 'type'), 'name'),
    sort_desc: or(bool, false),
  })
  return await fileOperation('list', body.path, async () => ok(await listDirectory(body), 'Directory listed successfully'))
}

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

async function listDirectory(request: ListRequest): Promise<Record<string, unknown>> {
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
