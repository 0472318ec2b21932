import type { Call } from './call.ts'
import { FileError, fileOperation } from './file-error.ts'
import { listDirectory } from './list-directory.ts'
import { countLines, readLines, readText } from './read-file.ts'
import { ok } from './reply.ts'
import type { Reply } from './reply.ts'
import { work } from './router.ts'
import type { Route } from './router.ts'
import { bool, listOf, number, oneOf, optional, or, parse, text } from './validate.ts'
import { appendToFile, replaceFile } from './write-file.ts'

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
