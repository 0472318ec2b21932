import { z } from 'zod'
import { calls } from '../../../shared/contract.ts'
import { fail } from '../../../shared/errors.ts'
import { contentLimit, cutMiddle, firstThatFit, jsonBytes } from './answers.ts'
import { notes, placeOf, where } from './place.ts'
import { hints, tool, type Tool } from './tool.ts'

const flag = (text: string, value: boolean) => z.boolean().default(value).describe(text)
const cut = { truncated: z.boolean().describe('There is more than fits into one answer.') }
const read = calls.read.input.shape
const write = calls.write.input.shape
const files = calls.files.input.shape
const search = calls.search.input.shape

/** Files of a sandbox. */
export const fileTools: readonly Tool[] = [
  tool({
    name: 'file_read',
    title: 'Read a file',
    description:
      'Read a file of the sandbox: text, or any bytes as base64. Of a long text the middle is left out; read it in parts with ' + 'first_line and lines.',
    annotations: hints('read'),
    input: z.strictObject({
      path: read.path,
      encoding: read.encoding,
      first_line: z.number().int().min(1).optional().describe('Read from this line on; the first one is 1. Text only.'),
      lines: z.number().int().min(1).optional().describe('So many lines at most. Text only.'),
      max_output: z.number().int().min(1024).max(contentLimit).default(100_000).describe('Characters kept: the middle of more is left out.'),
      ...where,
    }),
    output: calls.read.result.extend({ ...cut, ...notes }),
    async run({ path, encoding, first_line: first, lines, max_output: limit, ...selection }, work) {
      const { place, notes: known } = await placeOf(selection, work)
      const got = await work.session.calls.call('read', { ...place, path, encoding }, { signal: work.signal })
      if (encoding === 'base64') {
        // Bytes with a hole in them are of no use to anybody.
        if (got.content.length > contentLimit) throw tooLarge(path, got.size)
        return { text: got.content, data: { ...got, truncated: false, notes: known } }
      }
      const part = linesOf(got.content, first ?? 1, lines ?? Infinity)
      const room = part.text.length > limit ? Math.min(contentLimit, jsonBytes(part.text.slice(0, limit))) : contentLimit
      const kept = cutMiddle(part.text, room)
      const said =
        kept.left > 0 ? [`${path} has ${part.total} lines; the middle of what was asked for is left out. Read it in parts with first_line and lines.`] : []
      const all = [...known, ...said]
      return {
        text: `${kept.text}${all.map((note) => `\n[${note}]`).join('')}`,
        data: { ...got, content: kept.text, truncated: kept.left > 0, notes: all },
      }
    },
  }),
  tool({
    name: 'file_write',
    title: 'Write a file',
    description:
      'Write a file of the sandbox, or append to it. An existing file is replaced; missing directories are made. Results belong below /mnt/user-data/outputs.',
    annotations: hints('write', { destructiveHint: true }),
    input: z.strictObject({ path: write.path, content: write.content, encoding: write.encoding, append: write.append, ...where }),
    output: calls.write.result.extend(notes),
    async run({ path, content, encoding, append, ...selection }, work) {
      const { place, notes: known } = await placeOf(selection, work)
      const done = await work.session.calls.call('write', { ...place, path, content, encoding, append }, { signal: work.signal })
      return { text: [`${done.size} bytes written to ${done.path}`, ...known.map((note) => `[${note}]`)].join('\n'), data: { ...done, notes: known } }
    },
  }),
  tool({
    name: 'file_list',
    title: 'List a directory',
    description: 'List a directory of the sandbox, if wanted with everything below it.',
    annotations: hints('read'),
    input: z.strictObject({
      path: files.path,
      recursive: flag('With everything below it.', false),
      hidden: flag('With names that begin with a dot.', true),
      ...where,
    }),
    output: calls.files.result.extend({ ...cut, ...notes }),
    async run({ path, recursive, hidden, ...selection }, work) {
      const { place, notes: known } = await placeOf(selection, work)
      const got = await work.session.calls.call('files', { ...place, path, recursive, hidden }, { signal: work.signal })
      const shown = firstThatFit(got.files, contentLimit)
      const left = got.files.length - shown.length
      const all = left > 0 ? [...known, `${left} more entries are left out: list a directory below it, or search.`] : known
      const lines = shown.map((it) => (it.directory ? `${it.path}/` : `${it.path} (${it.size ?? '?'} bytes)`))
      return {
        text: [lines.length === 0 ? `${path} is empty.` : lines.join('\n'), ...all.map((note) => `[${note}]`)].join('\n'),
        data: { ...got, files: shown, truncated: left > 0, notes: all },
      }
    },
  }),
  tool({
    name: 'file_search',
    title: 'Search in files',
    description: 'Find lines that match a pattern in the files of a directory of the sandbox, or in one file. Hidden files are searched, .git is not.',
    annotations: hints('read'),
    input: z.strictObject({
      pattern: search.pattern,
      path: search.path,
      fixed: flag('The pattern is plain text.', false),
      ignore_case: flag('Upper and lower case are the same.', false),
      include: z.array(z.string().min(1).max(1000)).default([]).describe('Only files that match one of these globs, like `*.py`.'),
      max_results: z.number().int().min(1).max(10_000).default(100).describe('Matching lines at most.'),
      ...where,
    }),
    output: calls.search.result.extend(notes),
    async run({ pattern, path, fixed, ignore_case, include, max_results, ...selection }, work) {
      const { place, notes: known } = await placeOf(selection, work)
      const input = { ...place, pattern, path, fixed, ignore_case, include, max_results }
      const got = await work.session.calls.call('search', input, { signal: work.signal })
      const matches = firstThatFit(got.matches, contentLimit)
      const truncated = got.truncated || matches.length < got.matches.length
      const all = truncated ? [...known, 'There are more matches: search for less, or in a directory below.'] : known
      const lines = matches.map((it) => `${it.file}:${it.line}:${it.text}`)
      return {
        text: [lines.length === 0 ? 'Nothing matches.' : lines.join('\n'), ...all.map((note) => `[${note}]`)].join('\n'),
        data: { path: got.path, matches, truncated, notes: all },
      }
    },
  }),
]

function tooLarge(path: string, size: number): Error {
  return fail('TOO_LARGE', `${path} has ${size} bytes, more than one answer can carry as base64`, {
    next: 'Read it in parts with command_run: head -c 300000 FILE | base64, then tail -c +300001 FILE | head -c 300000 | base64.',
  })
}

/** Some lines of a text, each with its end, and how many lines there are in all. */
export function linesOf(text: string, first: number, count: number): { text: string; total: number } {
  let line = 1
  let start = first === 1 ? 0 : text.length
  let end = text.length
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    line++
    if (line === first) start = at + 1
    if (line === first + count) end = at + 1
  }
  // A line end at the very end begins no further line.
  const total = text === '' ? 0 : text.endsWith('\n') ? line - 1 : line
  return { text: text.slice(start, Math.max(start, end)), total }
}
