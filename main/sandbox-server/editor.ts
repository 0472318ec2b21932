import type { Call } from './served-call.ts'
import { readdir, stat } from './disk.ts'
import { FileError, fileFailure, ok, type Reply } from './reply.ts'
import { readText, unlessMissing } from './read-file.ts'
import { type Route, work } from './router.ts'
import { absolutePath, bool, listOf, number, oneOf, optional, or, parse, type Parsed, text } from './validate.ts'
import { discard, replaceFile } from './write-file.ts'

const shape = {
  command: oneOf('view', 'create', 'str_replace', 'insert', 'undo_edit'),
  path: absolutePath,
  file_text: optional(text),
  old_str: optional(text),
  new_str: optional(text),
  insert_line: optional(number({ min: 0, whole: true })),
  view_range: optional(listOf(number({ whole: true }))),
  replace_mode: optional(oneOf('ALL', 'FIRST', 'LAST')),
  enable_metadata: or(bool, false),
}

type Request = Parsed<typeof shape>

/** What `undo_edit` goes back to; null: there was no file. */
type Before = string | null

/** Characters of old contents kept for undo, over all files; the oldest go first. */
const historyLimit = 2 * 1024 * 1024

export function editorRoutes(): Route[] {
  const history: { path: string; content: Before }[] = []
  const remember = (path: string, content: Before): void => {
    history.push({ path, content })
    let size = history.reduce((sum, each) => sum + (each.content?.length ?? 0), 0)
    while (size > historyLimit && history.length > 1) size -= history.shift()?.content?.length ?? 0
  }
  const edit = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), shape)
    try {
      if (body.command === 'view') return ok(await view(body))
      if (body.command === 'undo_edit') return ok(await undo(body, history))
      const before = await current(body.path)
      const after = changed(body, before)
      await replaceFile(body.path, Buffer.from(after, 'utf8'))
      remember(body.path, before)
      return ok(edited(body.path, before, after, `The file ${body.path} has been ${before === null ? 'created' : 'edited'}.`))
    } catch (error) {
      return fileFailure(error, body.command === 'view' ? 'read' : 'edit', body.path)
    }
  }
  return [work('POST', '/v1/file/str_replace_editor', 'View and edit a text file', edit)]
}

async function current(path: string): Promise<Before> {
  return await unlessMissing(readText(path))
}

function changed(body: Request, before: Before): string {
  if (body.command === 'create') return need(body.file_text, 'file_text')
  if (before === null) throw new FileError('not_found', 'No such file', { code: 'ENOENT' })
  if (body.command === 'insert') {
    const lines = before.split('\n')
    const at = need(body.insert_line, 'insert_line')
    if (at > lines.length)
      throw new FileError('invalid_target', `insert_line ${at} is beyond the ${lines.length} lines of the file`, { exception: 'ValueError' })
    return lines.toSpliced(at, 0, ...need(body.new_str, 'new_str').split('\n')).join('\n')
  }
  return replaced(before, need(body.old_str, 'old_str'), body.new_str ?? '', body.replace_mode)
}

function replaced(content: string, from: string, to: string, mode: 'ALL' | 'FIRST' | 'LAST' | undefined): string {
  const count = from === '' ? 0 : content.split(from).length - 1
  if (count === 0) throw new FileError('invalid_target', 'old_str does not occur in the file; nothing was changed', { exception: 'ValueError' })
  if (mode === 'ALL') return content.split(from).join(to)
  if (mode === undefined && count > 1) {
    throw new FileError('invalid_target', `old_str occurs ${count} times; make it unique or set replace_mode`, { exception: 'ValueError' })
  }
  const at = mode === 'LAST' ? content.lastIndexOf(from) : content.indexOf(from)
  return content.slice(0, at) + to + content.slice(at + from.length)
}

async function view(body: Request): Promise<Record<string, unknown>> {
  const found = await stat(body.path)
  if (found.isDirectory()) {
    const names = (await readdir(body.path))
      .map((entry) => entry.name)
      .filter((name) => !name.startsWith('.'))
      .toSorted()
    return {
      output: names.map((name) => `${body.path.replace(/\/$/, '')}/${name}`).join('\n'),
      error: null,
      path: body.path,
      prev_exist: true,
      old_content: null,
      new_content: null,
    }
  }
  const lines = (await readText(body.path)).split('\n')
  const [from = 1, to = -1] = body.view_range ?? []
  const end = to === -1 ? lines.length : to
  if (from < 1 || end < from) throw new FileError('invalid_target', `view_range [${from}, ${to}] is no range of lines`, { exception: 'ValueError' })
  const shown = lines.slice(from - 1, end).map((line, index) => `${String(from + index).padStart(6)}\t${line}`)
  return { output: shown.join('\n'), error: null, path: body.path, prev_exist: true, old_content: null, new_content: null }
}

async function undo(body: Request, history: { path: string; content: Before }[]): Promise<Record<string, unknown>> {
  const at = history.findLastIndex((each) => each.path === body.path)
  const last = history[at]
  if (!last) throw new FileError('invalid_target', 'There is no edit to undo', { exception: 'ValueError' })
  const before = await current(body.path)
  if (last.content === null) await discard(body.path)
  else await replaceFile(body.path, Buffer.from(last.content, 'utf8'))
  history.splice(at, 1)
  return edited(body.path, before, last.content, 'The last edit was undone.')
}

function edited(path: string, before: Before, after: Before, output: string): Record<string, unknown> {
  return { output, error: null, path, prev_exist: before !== null, old_content: before, new_content: after }
}

function need<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new FileError('invalid_target', `${name} is required for this command`, { exception: 'ValueError' })
  return value
}
