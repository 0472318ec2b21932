import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { timerMs } from '../../shared/timer.ts'
import { childrenOf, foregroundGroup, interruptHandler, type ProcessRow, processTable, signal } from './process-table.ts'
import { quoted } from '../../shared/shell-quote.ts'
import { RequestError } from './reply.ts'
import { ShellCommand } from './shell-command.ts'
import { ShellProcess } from './shell-process.ts'
import { spawnFault } from './agent-process.ts'
import { type Entered, isDirectory, type Workspace } from './workspace.ts'

export interface ShellOptions {
  readonly user: string
  readonly home: string
  readonly workspace: Workspace
  readonly environment: Readonly<Record<string, string>>
  readonly tty: boolean
  readonly onEnd: () => void
}

/** Milliseconds: how often a stop looks again, when it stops asking, when it takes bash itself. */
const stopStep = 150
const stopKill = 2000
const stopAll = 3500

/** Milliseconds that a command gets to put its program in front of the terminal before a key that signals is passed on, and how often that is looked at. */
const frontWithin = 500
const frontStep = 5
/** Ctrl-C, Ctrl-\ and Ctrl-Z: a terminal makes signals of them. */
const signalKeys = ['\x03', '\x1c', '\x1a']

interface Waiting {
  readonly go: (mine: boolean) => void
}

/** A persistent shell under one id: its bash may end and be started anew, the session stays. */
export class ShellSession {
  readonly id: string
  /** Opened because the shared session was busy; goes sooner. */
  readonly auto: boolean
  readonly createdAt = Date.now()
  lastUsedAt = Date.now()
  lastUsed = performance.now()
  /** Null: in the workspace, wherever that is when the shell starts. */
  #directory: string | null
  /** Seconds. */
  noChangeTimeout: number
  last: ShellCommand | null = null
  readonly #options: ShellOptions
  /** Whose output comes now: what the last one has left in the background may speak until the next one begins. */
  #speaks: ShellCommand | null = null
  /** What the next command is to tell about where its shell was started. */
  #note: string | null = null
  #process: ShellProcess | null = null
  #queue: Waiting[] = []
  #taken = false
  #typed = ''
  #typing: Promise<void> = Promise.resolve()
  #closed = false
  readonly #onOutput = new Set<(bytes: Buffer) => void>()

  constructor(id: string, options: ShellOptions & { workingDir: string | null; noChangeTimeout: number; auto: boolean }) {
    this.id = id
    this.auto = options.auto
    this.#directory = options.workingDir
    this.noChangeTimeout = options.noChangeTimeout
    this.#options = options
  }

  get workingDir(): string {
    return this.#directory ?? this.#options.workspace.path()
  }

  get busy(): boolean {
    return this.#taken
  }

  /** What runs now. */
  get current(): ShellCommand | null {
    return this.last?.running ? this.last : null
  }

  touch(): void {
    this.lastUsedAt = Date.now()
    this.lastUsed = performance.now()
  }

  /** Waits for its turn, first come first served. False when the time is up, or `cancel` was called, before. */
  turn(ms: number): { now: boolean; mine: Promise<boolean>; cancel: () => void } {
    if (!this.#taken) {
      this.#taken = true
      return { now: true, mine: Promise.resolve(true), cancel: () => undefined }
    }
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const waiting: Waiting = { go: resolve }
    const cancel = (): void => {
      const at = this.#queue.indexOf(waiting)
      if (at < 0) return
      this.#queue.splice(at, 1)
      resolve(false)
    }
    const timer = setTimeout(cancel, timerMs(ms))
    this.#queue.push(waiting)
    void promise.then(() => clearTimeout(timer))
    return { now: false, mine: promise, cancel }
  }

  /** Starts a command; only for who has had its turn. The turn ends with the command. */
  async run(text: string, options: { execDir?: string | undefined; physical: boolean; hardTimeout?: number | undefined }): Promise<ShellCommand> {
    try {
      this.touch()
      const shell = await this.#shell()
      const place = options.execDir === undefined ? await this.#placeFor(shell) : { directory: options.execDir, note: null }
      const command = new ShellCommand(text, this.#ps1(), childrenOf(shell.pid))
      command.push(Buffer.from((this.#note ?? '') + (place?.note ?? '')))
      this.#note = null
      this.last = command
      const move = place === null ? '' : `cd ${options.physical ? '-P' : '-L'} -- ${quoted(place.directory)}\n`
      await shell.run(move + text)
      if (options.hardTimeout !== undefined) {
        const timer = setTimeout(() => this.stop(command, 'hard_timeout'), timerMs(options.hardTimeout * 1000))
        void command.ended.then(() => clearTimeout(timer))
      }
      return command
    } catch (error) {
      this.#next()
      throw error
    }
  }

  /** Input for what runs; with nothing running a line is a command, as it would be at a prompt, and given back. */
  async write(input: string, enter: boolean): Promise<ShellCommand | null> {
    this.touch()
    if (this.#taken) {
      const [before, meant] = [this.#typing, this.current]
      this.#typing = (async () => {
        await before
        if (signalKeys.some((key) => input.includes(key))) {
          await this.#inFront()
          // It has ended by itself meanwhile: the signal is not for whoever runs next.
          if (meant?.running === false) return
        }
        this.#process?.type(input + (enter ? '\n' : ''))
      })()
      await this.#typing
      return null
    }
    this.#typed += input
    if (!enter && !this.#typed.endsWith('\n')) return null
    const line = this.#typed
    this.#typed = ''
    if (line.trim() === '' || !(await this.turn(0).mine)) return null
    return await this.run(line, { physical: false })
  }

  /**
   * Waits until what the keys of the terminal reach is the command's program. A command that has just begun is in bash, then in
   * a fork of it that has bash's handlers still: a signal that bash gets while it waits for that fork is one that nobody
   * follows, and one that the fork's handler notes is forgotten when the fork becomes the program.
   */
  async #inFront(): Promise<void> {
    const command = this.current
    const shell = this.#process
    if (!command || !shell || command.begunAt === null) return
    const until = command.begunAt + frontWithin
    while (command.running && performance.now() < until && isOnItsWay(shell.pid)) await sleep(frontStep)
  }

  /** Raw bytes to the terminal. */
  type(data: string): void {
    this.#process?.type(data)
  }

  onOutput(listener: (bytes: Buffer) => void): () => void {
    this.#onOutput.add(listener)
    return () => this.#onOutput.delete(listener)
  }

  /**
   * Ends a command and leaves the shell alive: SIGTERM for all that it has started, an interrupt for what goes on
   * starting more (a loop in bash itself), SIGKILL after two seconds, and only then bash.
   */
  stop(command: ShellCommand, verdict: 'hard_timeout' | 'terminated'): void {
    if (!command.running) return
    command.verdict ??= verdict
    const since = performance.now()
    const seen = new Set<number>()
    const round = (): void => {
      const shell = this.#process
      if (!command.running || !shell) return
      const elapsed = performance.now() - since
      const victims = startedBy(shell.pid, command.startedAt, command.before)
      if (elapsed >= stopAll) return shell.kill()
      const fresh = victims.filter((pid) => !seen.has(pid))
      const looping = elapsed > 0.9 * stopStep && (victims.length === 0 || fresh.length > 0)
      for (const pid of victims) {
        if (looping) signal(pid, 'SIGINT')
        signal(pid, elapsed >= stopKill ? 'SIGKILL' : 'SIGTERM')
        seen.add(pid)
      }
      // An interactive bash ignores SIGTERM unless the command has set a trap for it.
      signal(shell.pid, looping || elapsed >= stopKill ? 'SIGINT' : 'SIGTERM')
      setTimeout(round, stopStep)
    }
    round()
  }

  /** Whether something that was started here still runs, in the background too. */
  hasProcesses(): boolean {
    return this.#process !== null && startedBy(this.#process.pid, 0, new Set()).length > 0
  }

  close(): void {
    this.#closed = true
    for (const each of this.#queue.splice(0)) each.go(false)
    const command = this.current
    if (command) command.verdict ??= 'terminated'
    this.#process?.destroy()
  }

  kill(): void {
    this.#process?.killTerminal()
  }

  async #shell(): Promise<ShellProcess> {
    if (this.#closed) throw new RequestError(404, 'Session not found')
    if (this.#process?.alive) return this.#process
    const { environment, home, tty } = this.#options
    const known = this.#directory !== null && (await isDirectory(this.#directory)) ? this.#directory : null
    const { directory: cwd, note } = known === null ? await this.#options.workspace.enter() : { directory: known, note: null }
    this.#directory = cwd
    this.#note = note
    const start = (rc: boolean, terminal: boolean): Promise<ShellProcess> => {
      const events = {
        output: (bytes: Buffer) => this.#output(bytes),
        began: () => {
          this.#speaks = this.last
          this.last?.begin()
        },
        ended: (status: number, cwd: string) => this.#ended(status, cwd),
        exited: (status: number) => {
          this.#process = null
          this.#ended(status, this.workingDir)
        },
      }
      return ShellProcess.start({ cwd, env: { ...environment, HOME: home, WORKSPACE: this.#options.workspace.path() }, tty: terminal, rc }, events)
    }
    // A .bashrc that ends or hangs bash, then a `script` that does not work here, are each left out in turn.
    this.#process = await start(true, tty)
      .catch(() => start(false, tty))
      .catch(() => start(false, false))
      .catch((error: unknown) => {
        throw spawnFault(error, environment)
      })
    if (this.#closed) {
      this.#process.destroy()
      throw new RequestError(404, 'Session not found')
    }
    return this.#process
  }

  /** Where a command is to go first, as what its shell was in is not there any more; null: it stays where it is. */
  async #placeFor(shell: ShellProcess): Promise<Entered | null> {
    const former = this.workingDir
    if (!(await shell.isAdrift())) return null
    const { directory, note } = await this.#options.workspace.enter()
    return { directory, note: note ?? (directory === former ? null : `[${former} is gone; this runs in ${directory}]\n`) }
  }

  #output(bytes: Buffer): void {
    this.#speaks?.push(bytes)
    for (const each of this.#onOutput) each(bytes)
  }

  #ended(status: number, cwd: string): void {
    this.#directory = cwd
    const command = this.current
    if (!command) return
    this.touch()
    command.finish(status)
    this.#options.onEnd()
    this.#next()
  }

  #next(): void {
    const next = this.#queue.shift()
    if (next) next.go(true)
    else this.#taken = false
  }

  #ps1(): string {
    const { home, user } = this.#options
    const place = this.workingDir === home ? '~' : this.workingDir.startsWith(`${home}/`) ? `~${this.workingDir.slice(home.length)}` : this.workingDir
    return `${user}@${hostname()}:${place} $`
  }
}

/** Whether what the keys of a shell's terminal reach is the shell, or a fork of it that is no program yet. */
function isOnItsWay(shell: number): boolean {
  const front = foregroundGroup(shell)
  if (front === null || front === shell) return front === shell
  const fork = interruptHandler(front)
  return fork !== null && fork.caught && fork.name === interruptHandler(shell)?.name
}

/** Processes of a shell's session or below it, started no earlier than `since` (seconds after boot) and not below `before`. */
function startedBy(shell: number, since: number, before: ReadonlySet<number>): number[] {
  if (shell === 0) return []
  const rows = processTable()
  const session = rows.find((each) => each.pid === shell)?.session
  const older = family(rows, before)
  const younger = family(rows, new Set([shell]))
  return rows
    .filter((each) => each.pid !== shell && each.state !== 'Z' && (each.session === session || younger.has(each.pid)))
    .filter((each) => each.startedAt >= Math.floor(since * 100) / 100 && !older.has(each.pid))
    .map((each) => each.pid)
}

/** The given processes and everything below them. */
function family(rows: readonly ProcessRow[], roots: ReadonlySet<number>): Set<number> {
  const found = new Set(roots)
  for (let size = -1; size !== found.size;) {
    size = found.size
    for (const each of rows) if (found.has(each.parent)) found.add(each.pid)
  }
  return found
}
