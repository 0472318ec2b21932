/** Where a sandbox answers, and the key that only Berth knows. */
export interface Address {
  readonly url: string
  readonly key: string | null
}

export interface ExecRequest {
  /** A bash command line; an argv is quoted by the caller (`quote.ts`). */
  readonly command: string
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Seconds; then the process group is killed. */
  readonly timeout?: number | undefined
  /** Characters kept of each stream in the result, 0: nothing is, where it is streamed; what is streamed is never cut. */
  readonly maxOutput: number
  readonly signal?: AbortSignal | undefined
  /** Where given, output is passed on as it comes; awaited, so a slow reader slows the reading. */
  readonly onOutput?: ((stream: 'stdout' | 'stderr', data: string) => void | Promise<void>) | undefined
}

export interface ExecResult {
  readonly exitCode: number | null
  readonly status: 'completed' | 'timed_out' | 'killed'
  readonly stdout: string
  readonly stderr: string
  readonly truncated: boolean
}

export interface FileEntry {
  readonly name: string
  readonly path: string
  readonly directory: boolean
  readonly size: number | null
  readonly modifiedAt: string | null
}

export interface SearchRequest {
  readonly path: string
  readonly pattern: string
  /** The pattern is plain text, not a regular expression. */
  readonly fixed: boolean
  readonly ignoreCase: boolean
  /** Globs; none: every file. */
  readonly include: readonly string[]
  readonly maxResults: number
  readonly signal?: AbortSignal | undefined
}

export interface SearchResult {
  readonly matches: readonly { readonly file: string; readonly line: number; readonly text: string }[]
  /** There is more, or the search was stopped. */
  readonly truncated: boolean
}

/** What is going on inside, asked just before a reap. */
export interface SandboxActivity {
  /** Commands running in shell and bash sessions. */
  readonly running: number
  /** Seconds since a client last did something there; null where the image cannot say. */
  readonly idleSeconds: number | null
  /** The lite server's version, null for other images. */
  readonly version: string | null
}

/** One sandbox's HTTP API, typed. Errors are thrown with codes, never returned as text. */
export interface SandboxApi {
  readonly address: Address
  /** Monotonic ms (`clock.now()`) of the last answer of this very sandbox; -Infinity if none yet. */
  lastProof(): number
  /** GET /v1/sandbox; throws SANDBOX_UNREACHABLE, or SANDBOX_REFUSED when the key is not taken (not our sandbox any more). */
  probe(timeoutMs: number): Promise<void>
  /** Makes what a first command without `cwd` needs, so that it need not be made then. Never asked for, it is made then. */
  prepare(signal?: AbortSignal): Promise<void>
  exec(request: ExecRequest): Promise<ExecResult>
  read(path: string): Promise<Uint8Array>
  /** A file of any size, piece by piece; awaited, so a slow reader slows the sandbox. Returns the bytes. */
  stream(path: string, onData: (chunk: Uint8Array) => void | Promise<void>, signal?: AbortSignal): Promise<number>
  /** Bytes written. */
  write(path: string, content: Uint8Array, append: boolean): Promise<number>
  /** `look`: a person at a screen looks; the sandbox does not take it for activity. */
  list(path: string, options: { recursive: boolean; hidden: boolean; look?: boolean }): Promise<FileEntry[]>
  /** Lines that match; FILE_FAILED for a pattern that is none. */
  search(request: SearchRequest): Promise<SearchResult>
  activity(timeoutMs: number): Promise<SandboxActivity>
  close(): Promise<void>
}
