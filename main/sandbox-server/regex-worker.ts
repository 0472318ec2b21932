import { readFile, stat } from 'node:fs/promises'
import { spawnForAgent } from './agent-process.ts'
import { glob } from './glob.ts'
import { PatternError, searchDeadline, withContext } from './grep-request.ts'
import type { GrepMatch, GrepRequest, GrepResult, SeenLine } from './grep-request.ts'
import { walk } from './walk.ts'

/**
 * Searches with JavaScript's regular expressions, for images without ripgrep and for patterns that it does not have
 * (lookaround). Such a pattern may take for ever, so it runs in a process that can be killed.
 */
export async function searchInWorker(command: readonly string[], request: GrepRequest, gone: (stop: () => void) => () => void): Promise<GrepResult> {
  const [program, ...args] = command
  const child = spawnForAgent(program ?? process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const stop = (): void => void child.kill('SIGKILL')
  const timer = setTimeout(stop, searchDeadline)
  const stopListening = gone(stop)
  const chunks: Buffer[] = []
  child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stdin!.on('error', () => child.stdin!.destroy()) // It was killed; `close` tells.
  child.stdin!.end(JSON.stringify(request))
  const ended = await new Promise<number | null | Error>((resolve) => {
    child.once('error', resolve)
    child.once('close', resolve)
  })
  clearTimeout(timer)
  stopListening()
  if (child.signalCode !== null) throw new PatternError(`The search was stopped after ${searchDeadline / 1000} seconds; simplify the pattern`)
  if (ended !== 0) throw new Error(`the regular expression worker ended with ${String(ended)}`)
  const answer = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { error: string } | { result: GrepResult }
  if ('error' in answer) throw new PatternError(answer.error)
  return answer.result
}

/** The worker's own side: a request on standard input, an answer on standard output. */
export async function runRegexWorker(): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  const request = JSON.parse(Buffer.concat(chunks).toString('utf8')) as GrepRequest
  let answer: { error: string } | { result: GrepResult }
  try {
    answer = { result: await search(request) }
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    answer = { error: error.message }
  }
  await new Promise((resolve) => process.stdout.write(JSON.stringify(answer), resolve))
}

async function search(request: GrepRequest): Promise<GrepResult> {
  const expression = compile(request)
  const wanted = request.offset + request.maxResults
  const matches: GrepMatch[] = []
  let searched = 0
  let matched = 0
  for await (const file of files(request)) {
    const bytes = await readFile(file).catch(() => null)
    if (!bytes || bytes.includes(0)) continue
    searched += 1
    const found = withContext(file, scan(bytes.toString('utf8'), expression, request), request)
    if (found.length > 0) matched += 1
    matches.push(...found)
    if (matches.length > wanted) break
  }
  return { matches: matches.slice(request.offset, wanted), filesSearched: searched, filesMatched: matched, truncated: matches.length > wanted }
}

function compile(request: GrepRequest): RegExp {
  const source = request.fixed ? request.pattern.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`) : request.pattern
  try {
    return new RegExp(source, `g${request.ignoreCase ? 'i' : ''}${request.multiline ? 'm' : ''}`)
  } catch (error) {
    throw new PatternError(error instanceof Error ? error.message : String(error))
  }
}

function scan(text: string, expression: RegExp, request: GrepRequest): SeenLine[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (!request.multiline) {
    return lines.map((line, index) => ({ number: index + 1, text: line, match: new RegExp(expression.source, expression.flags.replace('g', '')).test(line) }))
  }
  const starts = new Set<number>()
  for (const match of text.matchAll(expression)) starts.add(text.slice(0, match.index).split('\n').length)
  return lines.map((line, index) => ({ number: index + 1, text: line, match: starts.has(index + 1) }))
}

async function* files(request: GrepRequest): AsyncGenerator<string> {
  const small = async (path: string): Promise<boolean> => {
    const found = await stat(path).catch(() => null)
    return found !== null && found.isFile() && (request.maxFileBytes === null || found.size <= request.maxFileBytes)
  }
  if ((await stat(request.path)).isFile()) {
    yield request.path
    return
  }
  const anywhere = (pattern: string) => glob(pattern.includes('/') ? pattern : `**/${pattern}`, true)
  const include = request.include.map(anywhere)
  const exclude = request.exclude.map(anywhere)
  const enter = (each: { name: string }): boolean => request.recursive && each.name !== '.git'
  for await (const each of walk(request.path, enter)) {
    const segments = each.path.split('/').slice(-each.depth)
    if (include.length > 0 && !include.some((one) => one.matches(segments))) continue
    if (exclude.some((one) => segments.some((_, index) => one.matches(segments.slice(0, index + 1))))) continue
    if (each.entry.isFile() && (await small(each.path))) yield each.path
  }
}
