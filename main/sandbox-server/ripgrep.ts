import { dirname, resolve as absolute } from 'node:path'
import { createInterface } from 'node:readline'
import { spawnForAgent } from './agent-process.ts'
import { stat } from './disk.ts'
import { PatternError, searchDeadline, withContext } from './grep-request.ts'
import type { GrepMatch, GrepRequest, GrepResult, SeenLine } from './grep-request.ts'

/** The answer of a search that cannot be run here: no `rg`. */
export const noRipgrep = Symbol('no ripgrep')

/** Bytes of matches in one answer. */
const answerLimit = 8 * 1024 * 1024

/**
 * Searches with ripgrep, whose engine takes linear time for every pattern. Hidden and ignored files are searched too:
 * an agent looks for what it has written, not for what is in a repository.
 */
export async function ripgrep(request: GrepRequest, gone: (stop: () => void) => () => void): Promise<GrepResult | typeof noRipgrep> {
  // Globs with a slash count from the working directory.
  const directory = (await stat(request.path)).isDirectory() ? request.path : dirname(request.path)
  const child = spawnForAgent('rg', args(request), { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null | Error>((resolve) => {
    child.once('error', resolve)
    child.once('close', resolve)
  })
  if (child.pid === undefined) return await ended.then(() => noRipgrep)
  const stop = (): void => void child.kill('SIGKILL')
  const timer = setTimeout(stop, searchDeadline)
  const stopListening = gone(stop)
  let stderr = ''
  child.stderr!.setEncoding('utf8')
  child.stderr!.on('data', (chunk: string) => {
    if (stderr.length < 4000) stderr += chunk
  })
  const collected = collector(request)
  for await (const line of createInterface({ input: child.stdout! })) {
    if (collected.take(line)) continue
    stop()
    break
  }
  clearTimeout(timer)
  stopListening()
  const code = await ended
  // 2 with matches is a file that could not be read, which ripgrep passes over; without any it is the pattern.
  if (code === 2 && collected.empty() && /regex|pattern|file type|glob|pcre/i.test(stderr)) throw new PatternError(stderr.trim())
  return collected.result(child.signalCode !== null)
}

function args(request: GrepRequest): string[] {
  const list = ['--json', '--no-config', '--hidden', '--no-ignore', '--sort', 'path']
  if (request.ignoreCase) list.push('-i')
  if (request.fixed) list.push('-F')
  if (request.multiline) list.push('-U')
  if (request.maxFileBytes !== null) list.push('--max-filesize', String(request.maxFileBytes))
  if (!request.recursive) list.push('--max-depth', '1')
  if (request.type !== null) list.push(`--type=${request.type}`)
  if (request.before > 0) list.push('-B', String(request.before))
  if (request.after > 0) list.push('-A', String(request.after))
  for (const each of request.include) list.push('-g', each)
  for (const each of request.exclude) list.push('-g', `!${each}`)
  // The last glob that matches a path decides.
  return [...list, '-g', '!**/.git/**', '-e', request.pattern, '--', absolute(request.path)]
}

interface Event {
  readonly type: string
  readonly data: {
    readonly path?: { text?: string; bytes?: string }
    readonly lines?: { text?: string; bytes?: string }
    readonly line_number?: number | null
    readonly stats?: { searches?: number; searches_with_match?: number }
  }
}

function collector(request: GrepRequest) {
  const matches: GrepMatch[] = []
  const wanted = request.offset + request.maxResults
  let lines: SeenLine[] = []
  let file = ''
  let size = 0
  let inFile = 0
  let matched = 0
  let searched = 0
  let full = false

  const close = (): void => {
    matches.push(...withContext(file, lines, request))
    if (lines.some((each) => each.match)) matched += 1
    lines = []
    inFile = 0
  }

  return {
    /** False when no more is wanted. */
    take: (line: string): boolean => {
      const event = JSON.parse(line) as Event
      if (event.type === 'begin') file = content(event.data.path)
      else if (event.type === 'match' || event.type === 'context') {
        const text = content(event.data.lines)
        const match = event.type === 'match'
        // One more than wanted tells whether there are more.
        if (match && matches.length + inFile >= wanted) full = true
        if (full && (match || request.after === 0)) {
          close()
          return false
        }
        if (match) inFile += 1
        size += Math.min(text.length, 4000) + file.length
        lines.push({ number: event.data.line_number ?? 0, text, match })
        if (size > answerLimit) full = true
      } else if (event.type === 'end') close()
      else if (event.type === 'summary') searched = event.data.stats?.searches ?? 0
      return true
    },
    empty: (): boolean => matches.length === 0,
    result: (stopped: boolean): GrepResult => {
      if (lines.length > 0) close()
      return {
        matches: matches.slice(request.offset, wanted),
        filesSearched: Math.max(searched, matched),
        filesMatched: matched,
        truncated: full || stopped,
      }
    },
  }
}

function content(value: { text?: string; bytes?: string } | undefined): string {
  return value?.text ?? Buffer.from(value?.bytes ?? '', 'base64').toString('utf8')
}
