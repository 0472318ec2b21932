/** What is searched for, and where, by whichever engine is there. */
export interface GrepRequest {
  readonly path: string
  readonly pattern: string
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly ignoreCase: boolean
  readonly fixed: boolean
  readonly before: number
  readonly after: number
  readonly maxResults: number
  readonly maxFileBytes: number | null
  readonly multiline: boolean
  readonly offset: number
  /** A file type of ripgrep's. */
  readonly type: string | null
  readonly recursive: boolean
}

export interface GrepMatch {
  readonly file: string
  readonly line_number: number
  readonly line_content: string
  readonly context_before: readonly string[]
  readonly context_after: readonly string[]
}

export interface GrepResult {
  readonly matches: readonly GrepMatch[]
  readonly filesSearched: number
  readonly filesMatched: number
  readonly truncated: boolean
}

/** The pattern is not one that the engine understands. */
export class PatternError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PatternError'
  }
}

/** Milliseconds for one search; a pattern that takes longer is stopped, whatever it is doing. */
export const searchDeadline = 10_000

/** Characters of one line in an answer: minified files have lines of megabytes. */
const lineLimit = 4000

export function shorten(line: string): string {
  const plain = line.replace(/\r?\n$/, '')
  return plain.length <= lineLimit ? plain : `${plain.slice(0, lineLimit)} [... ${plain.length - lineLimit} characters cut]`
}

/** One line of a file as an engine reports it. */
export interface SeenLine {
  readonly number: number
  readonly text: string
  readonly match: boolean
}

/** Gives each matching line of a file the lines around it. */
export function withContext(file: string, lines: readonly SeenLine[], request: GrepRequest): GrepMatch[] {
  const found: GrepMatch[] = []
  for (const [index, line] of lines.entries()) {
    if (!line.match) continue
    const near = (from: number, to: number): string[] =>
      lines
        .slice(Math.max(0, index - 20), index + 21)
        .filter((each) => each.number >= from && each.number <= to)
        .map((each) => shorten(each.text))
    found.push({
      file,
      line_number: line.number,
      line_content: shorten(line.text),
      context_before: request.before > 0 ? near(line.number - request.before, line.number - 1) : [],
      context_after: request.after > 0 ? near(line.number + 1, line.number + request.after) : [],
    })
  }
  return found
}
