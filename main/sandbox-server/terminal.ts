import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { programPath, spawnForAgent } from './agent-process.ts'
import { drained, OutputBuffer } from './output-buffer.ts'
import { killAfter, processTable, signal, signalSession } from './process-table.ts'
import type { Entered, Workspace } from './workspace.ts'
import { quoted } from '../../shared/shell-quote.ts'

/** Bytes shown again to whoever attaches later. */
const backlog = 128 * 1024
/** Milliseconds that a terminal lives with nobody attached. */
const keepDetached = 10 * 60_000
/** A shell that is only being started has no terminal yet: how often, and every how many milliseconds, it is tried again. */
const fitTries = 500
const fitPause = 20
/** After so many tries what is typed waits no longer: perhaps it never will have one. */
const holdTries = 100

export interface TerminalOptions {
  readonly workspace: Workspace
  readonly environment: Readonly<Record<string, string>>
  readonly tty: boolean
}

/** How whoever opens one wants it: its type of terminal, and the name of the thread for its prompt. */
export interface TerminalWish {
  readonly term: string
  readonly thread: string
}

/** An interactive bash on a terminal for a person; commands of agents go to shell sessions. */
export class Terminal {
  readonly id: string
  readonly createdAt = Date.now()
  readonly #child: ChildProcess
  readonly #recent = new OutputBuffer(backlog)
  readonly #watchers = new Set<{ output: (text: string) => void; end: () => void }>()
  readonly #decoder = new StringDecoder('utf8')
  readonly #workspace: Workspace
  readonly #tty: boolean
  #detached: NodeJS.Timeout | null = null
  /** What it is to become. */
  #size: { cols: number; rows: number } | null = null
  /** What waits until it has its size. */
  readonly #typed: string[] = []
  #holds = false
  /** False once it gave up: what cannot be sized must not slow down what is typed at every change. */
  #mayHold = true
  #ended = false
  lastUsedAt = Date.now()

  constructor(id: string, options: TerminalOptions & TerminalWish, { directory, note }: Entered, onEnd: () => void) {
    this.id = id
    this.#tty = options.tty
    this.#workspace = options.workspace
    const env = { ...options.environment, WORKSPACE: options.workspace.path(), ...terminalInit(options.term, options.thread) }
    if (note !== null) this.#recent.push(Buffer.from(note.replaceAll('\n', '\r\n')))
    this.#child = spawnBash({ args: ['-i'], cwd: directory, env, tty: options.tty })
    for (const each of this.#child.stdio) each?.on('error', () => each.destroy())
    for (const each of [this.#child.stdout, this.#child.stderr]) each?.on('data', (chunk: Buffer) => this.#output(chunk))
    const end = (): void => {
      if (this.#ended) return
      this.#ended = true
      for (const each of this.#child.stdio) each?.destroy()
      for (const each of this.#watchers) each.end()
      onEnd()
    }
    this.#child.once('exit', () => void drained([this.#child.stdout, this.#child.stderr], () => this.#recent.total).then(end))
    this.#child.once('error', end)
    this.#watchAlone()
  }

  get workingDir(): string {
    const shell = this.#shell()
    try {
      return shell ? readlinkSync(`/proc/${shell}/cwd`) : this.#workspace.path()
    } catch {
      return this.#workspace.path() // It has just ended, or is not ours to look at.
    }
  }

  text(): string {
    return this.#recent.all()
  }

  type(data: string): void {
    this.lastUsedAt = Date.now()
    this.#typed.push(data)
    if (!this.#holds) this.#passOn()
  }

  #passOn(): void {
    for (const data of this.#typed.splice(0)) if (!this.#ended) this.#child.stdin?.write(data)
  }

  /**
   * Sets the window's size, whose processes are told by SIGWINCH. The last one holds, also one that comes before the shell is
   * there; and what is typed after it finds it set.
   */
  resize(cols: number, rows: number): void {
    const before = this.#size
    this.#size = { cols, rows }
    if (this.#tty && before === null) void this.#fit()
  }

  /** One at a time, or an earlier one might come last. */
  async #fit(): Promise<void> {
    this.#holds = this.#mayHold
    for (let failed = 0; this.#size !== null && !this.#ended && failed < fitTries;) {
      const size = this.#size
      const problem = await this.#stretch(size)
      if (problem === null && this.#size === size) this.#size = null
      failed = problem === null ? 0 : failed + 1
      if (failed === holdTries) this.#holds = this.#mayHold = false
      if (problem === null || failed === holdTries) this.#passOn()
      if (failed === fitTries) console.error('sandbox-server: a terminal keeps its size:', problem)
      if (problem !== null) await new Promise((resolve) => setTimeout(resolve, fitPause))
    }
    this.#size = null
    this.#holds = false
    this.#passOn()
  }

  /** `stty -F` on the terminal that the shell has open: `script` itself has none to take a size from. Null: it is done. */
  async #stretch({ cols, rows }: { cols: number; rows: number }): Promise<string | null> {
    try {
      const shell = this.#shell()
      if (!shell) return 'its shell is not there yet'
      const child = spawnForAgent('stty', ['-F', `/proc/${shell}/fd/0`, 'cols', String(cols), 'rows', String(rows)], { stdio: 'ignore' })
      const [code] = (await once(child, 'exit')) as [number | null]
      return code === 0 ? null : `stty ended with ${code}`
    } catch (error) {
      return String(error)
    }
  }

  attach(watcher: { output: (text: string) => void; end: () => void }): () => void {
    if (this.#detached) clearTimeout(this.#detached)
    this.#detached = null
    this.#watchers.add(watcher)
    return () => {
      this.#watchers.delete(watcher)
      if (this.#watchers.size === 0) this.#watchAlone()
    }
  }

  /** Stops and resumes reading, so that a flood waits in the terminal for a slow client. */
  pause(on: boolean): void {
    for (const each of [this.#child.stdout, this.#child.stderr]) {
      if (on) each?.pause()
      else each?.resume()
    }
  }

  close(): void {
    const shell = this.#shell()
    const outer = this.#child.pid
    if (this.#ended) return
    for (const name of ['SIGHUP', 'SIGTERM'] as const) if (shell) signalSession(shell, name)
    setTimeout(() => this.kill(shell, outer), killAfter)
  }

  kill(shell = this.#shell(), outer = this.#child.pid): void {
    if (shell) signalSession(shell, 'SIGKILL')
    if (outer !== undefined && !this.#ended) signal(-outer, 'SIGKILL')
  }

  #shell(): number | null {
    const outer = this.#child.pid
    const rows = processTable()
    return rows.find((each) => each.parent === outer)?.pid ?? null
  }

  #output(chunk: Buffer): void {
    this.#recent.push(chunk)
    const text = this.#decoder.write(chunk)
    if (text !== '') for (const each of this.#watchers) each.output(text)
  }

  #watchAlone(): void {
    this.pause(false)
    this.#detached = setTimeout(() => this.close(), keepDetached)
    this.#detached.unref()
  }
}

export interface Terminals {
  /** Null when there is no room. */
  open(wish: TerminalWish): Promise<Terminal | null>
  find(id: string): Terminal | null
  /** Rows of `GET /v1/shell/sessions`. */
  list(): [string, Record<string, unknown>][]
  count(): number
  remove(id: string): boolean
  closeAll(): void
  killAll(): void
}

export function terminals(options: TerminalOptions & { max: number }): Terminals {
  const open = new Map<string, Terminal>()
  return {
    open: async (wish) => {
      const place = await options.workspace.enter()
      if (open.size >= options.max) return null
      const terminal = new Terminal(randomUUID(), { ...options, ...wish }, place, () => open.delete(terminal.id))
      open.set(terminal.id, terminal)
      return terminal
    },
    find: (id) => open.get(id) ?? null,
    list: () =>
      [...open.values()].map((each) => [
        each.id,
        {
          working_dir: each.workingDir,
          created_at: new Date(each.createdAt).toISOString(),
          last_used_at: new Date(each.lastUsedAt).toISOString(),
          age_seconds: Math.floor((Date.now() - each.createdAt) / 1000),
          status: 'ready',
          current_command: null,
        },
      ]),
    count: () => open.size,
    remove: (id) => {
      const terminal = open.get(id)
      if (!terminal) return false
      open.delete(id)
      terminal.close()
      return true
    },
    closeAll: () => {
      for (const each of open.values()) each.close()
    },
    killAll: () => {
      for (const each of open.values()) each.kill()
    },
  }
}

/**
 * What a person's terminal has beside its bash: a prompt that says which thread it is, in colours, and listings in them.
 * Evaluated once, by the first PROMPT_COMMAND, after whatever the image and the user's own .bashrc set up: a prompt of
 * theirs stays.
 */
function terminalInit(term: string, thread: string): Record<string, string> {
  if (term === 'dumb') return { TERM: term }
  const prompt = String.raw`\[\e[1;32m\]${plain(thread) || String.raw`\u`}\[\e[0m\]:\[\e[1;34m\]\w\[\e[0m\]\$ `
  const init = [
    'unset PROMPT_COMMAND',
    String.raw`case "$PS1" in '\s-\v\$ '|'\h:\w\$ '|'\u@\h:\w\$ '|*debian_chroot*'\u@\h:\w\$ ') PS1=${quoted(prompt)} ;; esac`,
    'for __each in ls grep; do alias $__each >/dev/null 2>&1 || alias $__each="$__each --color=auto"; done; unset __each',
  ]
  return { TERM: term, COLORTERM: 'truecolor', PROMPT_COMMAND: init.join('\n') }
}

/** A name as text of a prompt: nothing that bash would expand, nothing that moves the cursor. */
function plain(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._:@/+ -]/gu, '').slice(0, 60)
}

/**
 * A bash on a real terminal comes from util-linux's `script`: it is on every Debian (bsdutils is essential) and most
 * other Linux systems, costs about 1 MiB and passes the descriptors 3 and 4 on. A native module would have to be built
 * for each image, and python3's pty module costs 10 MiB a session. Where there is no `script`, bash runs on pipes:
 * commands work the same, but find no terminal.
 */
export function spawnBash(options: {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly tty: boolean
}): ChildProcess {
  const line = ['exec', quoted(programPath('bash') ?? 'bash'), ...options.args].join(' ')
  const [program, args] = options.tty ? (['script', ['-qfec', line, '/dev/null']] as const) : (['bash', options.args] as const)
  return spawnForAgent(program, args, {
    cwd: options.cwd,
    env: { ...options.env, SHELL: '/bin/bash' },
    // `script` and its bash get sessions of their own; nothing that is meant for the server reaches them.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  })
}

export function hasTty(): boolean {
  return process.platform === 'linux' && programPath('script') !== null
}
