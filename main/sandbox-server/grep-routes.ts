import type { Call } from './served-call.ts'
import { stat } from './disk.ts'
import { FileError, fileOperation, InvalidRequest, ok, type Reply } from './reply.ts'
import { type GrepRequest, type GrepResult, PatternError } from './grep-request.ts'
import { searchInWorker } from './regex-worker.ts'
import { mustBeRegular } from './read-file.ts'
import { noRipgrep, ripgrep } from './ripgrep.ts'
import { type Route, work } from './router.ts'
import { bool, listOf, number, optional, or, parse, text } from './validate.ts'

const context = or(number({ min: 0, max: 20, whole: true }), 0)

export function grepRoutes(worker: readonly string[]): Route[] {
  const run = async (call: Call, request: GrepRequest): Promise<GrepResult> => {
    const gone = (stop: () => void): (() => void) => call.onGone(stop)
    try {
      return await first(request, gone)
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      throw new FileError('invalid_target', error.message, { exception: 're.error' })
    }
  }

  /** Ripgrep where it is; what it does not have or does not understand goes to the worker. */
  const first = async (request: GrepRequest, gone: (stop: () => void) => () => void): Promise<GrepResult> => {
    let refused: PatternError | null = null
    try {
      const result = await ripgrep(request, gone)
      if (result !== noRipgrep) return result
    } catch (error) {
      if (!(error instanceof PatternError) || request.fixed || request.type !== null) throw error
      refused = error
    }
    try {
      return await searchInWorker(worker, request, gone)
    } catch (error) {
      // Neither understands it: the first one's words are the better ones.
      throw error instanceof PatternError && refused && !error.message.includes('stopped') ? refused : error
    }
  }

  const grep = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), {
      path: text,
      pattern: text,
      include: or(listOf(text), []),
      exclude: or(listOf(text), []),
      case_insensitive: or(bool, false),
      fixed_strings: or(bool, false),
      context_before: context,
      context_after: context,
      max_results: or(number({ min: 1, max: 10_000, whole: true }), 500),
      max_file_size: or(text, '1M'),
      multiline: or(bool, false),
      offset: or(number({ min: 0, whole: true }), 0),
      type: optional(text),
      recursive: or(bool, true),
    })
    const maxFileBytes = bytes(body.max_file_size)
    return await fileOperation('grep', body.path, async () => {
      const found = await stat(body.path)
      // Of what lies below a directory only regular files are read.
      if (!found.isDirectory()) mustBeRegular(found)
      const result = await run(call, {
        path: body.path,
        pattern: body.pattern,
        include: body.include,
        exclude: body.exclude,
        ignoreCase: body.case_insensitive,
        fixed: body.fixed_strings,
        before: body.context_before,
        after: body.context_after,
        maxResults: body.max_results,
        maxFileBytes,
        multiline: body.multiline,
        offset: body.offset,
        type: body.type ?? null,
        recursive: body.recursive,
      })
      return ok({
        path: body.path,
        pattern: body.pattern,
        matches: result.matches,
        match_count: result.matches.length,
        files_searched: result.filesSearched,
        files_matched: result.filesMatched,
        truncated: result.truncated,
      })
    })
  }

  const search = async (call: Call): Promise<Reply> => {
    const body = parse(await call.json(), { file: text, regex: text, sudo: or(bool, false) })
    return await fileOperation('search', body.file, async () => {
      mustBeRegular(await stat(body.file))
      const result = await run(call, {
        path: body.file,
        pattern: body.regex,
        include: [],
        exclude: [],
        ignoreCase: false,
        fixed: false,
        before: 0,
        after: 0,
        maxResults: 10_000,
        maxFileBytes: null,
        multiline: false,
        offset: 0,
        type: null,
        recursive: true,
      })
      return ok({
        file: body.file,
        matches: result.matches.map((each) => each.line_content),
        line_numbers: result.matches.map((each) => each.line_number),
      })
    })
  }

  return [work('POST', '/v1/file/grep', 'Search in files', grep), work('POST', '/v1/file/search', 'Search in one file', search)]
}

/** `1M`, `500K`, `2G` or bytes. */
function bytes(size: string): number {
  const [, digits, unit] = /^(\d+)([KMG]?)B?$/i.exec(size.trim()) ?? []
  if (digits === undefined || unit === undefined) {
    throw new InvalidRequest([{ loc: ['body', 'max_file_size'], msg: 'Value error, a size is a number with K, M or G', type: 'value_error' }])
  }
  return Number(digits) * 1024 ** ' KMG'.indexOf(unit.toUpperCase() || ' ')
}
