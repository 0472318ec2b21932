import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readlink } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { drained } from './output-buffer.ts'
import { killAfter, signal, signalNumber, signalSession } from './process-table.ts'
import { forget, longCommandFile } from './long-command.ts'
import { spawnBash } from './terminal.ts'

/**
 * What makes a bash do one command after another and say when each has begun and ended.
 *
 * Commands do not come in by the terminal, where quotes left open, a heredoc or a program that reads would swallow
 * what follows; they come by a descriptor of their own, as records that end with NUL, and are given to `eval`, at top
 * level, so that `cd`, `export` and `declare` last. The loop is run as PROMPT_COMMAND of an interactive bash: that has
 * job control, ignores SIGTERM, and at SIGINT throws whatever runs away and runs PROMPT_COMMAND, this loop, again.
 *
 * A record is `<nonce>C<id>:<command>`; `<nonce>F<id>:<file>` for a long command, as bash reads a descriptor that is no
 * file byte by byte; or `<nonce>P<number>:`, which asks for one more round. What does not begin with the nonce is the
 * rest of a record whose beginning an interrupt threw away, and is left out.
 *
 * At the head of each round, that is at the start, after a command, after `continue`, after an interrupt and when it is
 * asked for, there is a report `E <round> <id> <number> <status> <pid> <cwd>` NUL on descriptor 199, with the last
 * command that was taken and the last number that was asked for, and the marker `E<round>` in the output, which says
 * that all output up to there has been seen. The marker `B<id>` stands before the first output of a command. Both name
 * what they mean, so that it does not matter how late one comes. `break` leaves the loop: then the prompt itself, shown
 * when bash is about to read the terminal, reports `R`, and the server types the loop in again.
 *
 * While a command runs these descriptors are closed for it, so that nothing that it starts, or does with
 * `exec 198>&-`, touches them. `$?` is put back, except under `set -e`, where a status that is not 0 would end bash.
 * What the loop itself does is not shown under `set -x`. Ctrl-S does not stop the terminal: nobody would start it again.
 */
function shellInit(nonce: string, rc: boolean): string {
  const mark = `\\036${nonce}`
  return [
    'unset BERTH_SHELL_INIT PS1; export -n PROMPT_COMMAND',
    'stty -echo -onlcr -ixon cols 200 rows 50 2>/dev/null',
    'exec 197>&1 198<&3 199>&4 3<&- 4>&- 2>&1',
    rc ? '[ -r ~/.bashrc ] && . ~/.bashrc >/dev/null 2>&1' : '',
    'unset HISTFILE; set +o history +H; jobs >/dev/null',
    '__berth_r() { return "$1"; }',
    '__berth_n=0 __berth_k=0 __berth_p=0 __berth_c=',
    '__berth_next() {',
    'while :; do',
    '__berth_n=$((__berth_n + 1))',
    'builtin printf "E %s %s %s %s %s %s\\0" "$__berth_n" "$__berth_k" "$__berth_p" "$__berth_s" "$$" "$PWD" >&199',
    `builtin printf "${mark}E%s\\036" "$__berth_n" >&197`,
    'IFS= builtin read -r -d "" -u 198 __berth_c || return 1',
    `__berth_h=\${__berth_c%%:*}; __berth_h=\${__berth_h#${nonce}}; __berth_i=\${__berth_h#?}`,
    'case $__berth_c in',
    `${nonce}C*) __berth_c=\${__berth_c#*:} ;;`,
    // The file ends with NUL: `read` fails where that has not come.
    `${nonce}F*) IFS= builtin read -r -d "" __berth_c <"\${__berth_c#*:}" ||`,
    '  __berth_c="builtin echo \\"berth: the command did not reach its shell\\" >&2; __berth_r 126" ;;',
    `${nonce}P*) __berth_p=$__berth_i; continue ;;`,
    '*) continue ;;',
    'esac',
    '__berth_k=$__berth_i',
    // For who has said `set -a`.
    'builtin export -n __berth_n __berth_k __berth_p __berth_s __berth_c __berth_h __berth_i',
    `builtin printf "${mark}B%s\\036" "$__berth_k" >&197`,
    'return 0; done; }',
    "__berth_loop='while { __berth_s=$?; __berth_next; } 2>/dev/null",
    'do { [[ $- == *e* ]] || __berth_r "$__berth_s"; } 2>/dev/null',
    `eval "$__berth_c" 197>&- 198<&- 199>&-; done'`,
    `PS1='$(printf "R\\0" >&199)'; PS2=; PROMPT_COMMAND=$__berth_loop`,
    'true; eval "$__berth_loop"',
  ].join('\n')
}

/** Typed when the loop has been left. */
const loopAgain = ' eval "$__berth_loop"\n'

/** Milliseconds for bash and its .bashrc to get ready. */
const readyWithin = 10_000
/** Milliseconds after which a marker that is owed is asked for once more: a program may have thrown the terminal's output away. */
const askAfter = 1000
/** Bytes of a command above which it goes by a file: from its descriptor bash reads byte by byte. */
const longCommand = 16 * 1024

/** What a marker in the output begins and ends with, and the most bytes between its nonce and its end, that one included. */
const mark = '\x1e'
const markRest = 20

export interface ShellEvents {
  readonly output: (bytes: Buffer) => void
  /** What is output from now on is of the command that was given last; what came before is still of the one before. */
  readonly began: () => void
  /** A command has ended and all of its output has been given. */
  readonly ended: (status: number, cwd: string) => void
  /** Bash itself has ended (`exit`, `exec`, a kill); `ended` is not called for what ran then. */
  readonly exited: (status: number) => void
}

interface Given {
  readonly id: number
  readonly record: string
  /** Where its text is, until bash has read it. */
  file: string | null
  /** The last question that was asked before it was given, or given again. */
  asked: number
}

/** One bash that takes commands one after another. */
export class ShellProcess {
  /** Of bash itself; known when it is ready. */
  pid = 0
  readonly #child: ChildProcess
  readonly #events: ShellEvents
  readonly #nonce: Buffer
  readonly #ready = Promise.withResolvers<void>()
  #held: Buffer = Buffer.alloc(0)
  #control = ''
  /** What was given and has not ended; at first the start itself, as number 0. */
  #given: Given | null = { id: 0, record: '', file: null, asked: 0 }
  #commandsGiven = 0
  /** How the command given has ended; its output has been seen up to there when the marker of this round has come. */
  #report: { round: number; status: number; cwd: string } | null = null
  /** The latest round whose marker has come. */
  #round = 0
  /** Numbers of the last question to bash and of the last one that it has answered. */
  #asked = 0
  #answered = 0
  /** Bytes of output. */
  #read = 0
  #timer: NodeJS.Timeout | null = null
  #alive = true

  private constructor(child: ChildProcess, nonce: string, events: ShellEvents) {
    this.#child = child
    this.#nonce = Buffer.from(`${mark}${nonce}`)
    this.#events = events
  }

  /** Resolves when bash waits for its first command. */
  static async start(options: { cwd: string; env: Readonly<Record<string, string>>; tty: boolean; rc: boolean }, events: ShellEvents): Promise<ShellProcess> {
    // Digits, as a terminal may be set to make small letters large ones.
    const nonce = String(randomBytes(8).readBigUInt64BE()).padStart(20, '0')
    const env = {
      ...options.env,
      PROMPT_COMMAND: 'eval "$BERTH_SHELL_INIT"',
      BERTH_SHELL_INIT: shellInit(nonce, options.rc),
      // A pager would wait for a key, colours and cursor movements mean nothing to who reads the output as text.
      TERM: 'dumb',
      PAGER: 'cat',
      GIT_PAGER: 'cat',
      MANPAGER: 'cat',
    }
    const child = spawnBash({ args: ['--noprofile', '--norc', '-i'], cwd: options.cwd, env, tty: options.tty })
    const shell = new ShellProcess(child, nonce, events)
    shell.#listen()
    const timer = setTimeout(() => shell.#ready.reject(new Error('bash did not get ready in time')), readyWithin)
    try {
      await shell.#ready.promise
      return shell
    } catch (error) {
      shell.destroy()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Only when the last one has ended. */
  async run(command: string): Promise<void> {
    const id = (this.#commandsGiven += 1)
    const file = Buffer.byteLength(command) > longCommand ? await longCommandFile(command) : null
    const record = file === null ? this.#record('C', id, command) : this.#record('F', id, file)
    this.#given = { id, record, file, asked: this.#asked }
    if (this.#alive) this.#commands.write(record)
    else await forget(file)
  }

  /** Whether the directory that it is in was removed; not known where the kernel does not show it. */
  async isAdrift(): Promise<boolean> {
    return (await readlink(`/proc/${this.pid}/cwd`).catch(() => '')).endsWith(' (deleted)')
  }

  /** To the terminal, as if typed. */
  type(input: string): void {
    this.#child.stdin?.write(input)
  }

  /** Ends bash and everything in its session. */
  destroy(): void {
    const leader = this.pid || (this.#child.pid ?? 0)
    const outer = this.#child.pid
    if (leader === 0 || !this.#alive) return
    signalSession(leader, 'SIGHUP')
    signalSession(leader, 'SIGTERM')
    setTimeout(() => {
      signalSession(leader, 'SIGKILL')
      if (outer !== undefined && this.#alive) signal(-outer, 'SIGKILL')
    }, killAfter)
  }

  /** At once, without asking. */
  kill(): void {
    if (this.pid) signalSession(this.pid, 'SIGKILL')
    else if (this.#child.pid !== undefined) signal(-this.#child.pid, 'SIGKILL')
  }

  /** As `kill`, with the terminal around it: when nobody reads it any more, what makes it would go on looking for a reader. */
  killTerminal(): void {
    this.kill()
    if (this.#child.pid !== undefined && this.#alive) signal(-this.#child.pid, 'SIGKILL')
  }

  get #commands(): Writable {
    return this.#child.stdio[3] as Writable
  }

  #listen(): void {
    const { stdin, stdout, stderr, stdio } = this.#child
    // Writing to a shell that has just ended fails; its end is what is reported.
    for (const each of [stdin, this.#commands]) each?.on('error', () => each.destroy())
    for (const each of [stdout, stderr]) {
      each?.on('data', (chunk: Buffer) => this.#output(chunk))
      each?.on('error', () => each.destroy())
    }
    const control = stdio[4] as Readable
    control.setEncoding('utf8')
    control.on('data', (chunk: string) => this.#reported(chunk))
    control.on('error', () => control.destroy())
    this.#child.once('error', (error) => this.#gone(127, error))
    this.#child.once('exit', (code, name) => {
      void drained([stdout, stderr, control], () => this.#read).then(() => this.#gone(code ?? 128 + signalNumber(name), null))
    })
  }

  #gone(status: number, error: Error | null): void {
    if (!this.#alive) return
    this.#alive = false
    if (this.#timer) clearTimeout(this.#timer)
    if (this.#held.length > 0) this.#give(this.#held)
    for (const each of this.#child.stdio) each?.destroy()
    this.#ready.reject(error ?? new Error(`bash ended with ${status} before it was ready`))
    void forget(this.#given?.file ?? null)
    if (this.#round === 0) return
    // It had ended before its bash did: no more of its output comes.
    if (this.#report) this.#events.ended(this.#report.status, this.#report.cwd)
    this.#events.exited(status)
  }

  #reported(chunk: string): void {
    const parts = (this.#control + chunk).split('\0')
    this.#control = parts.pop() ?? ''
    for (const part of parts) {
      if (part === 'R') {
        this.type(loopAgain)
        continue
      }
      const [, round, id, answered, status, pid, cwd] = /^E (\d+) (\d+) (\d+) (\d+) (\d+) ([^]*)$/.exec(part) ?? []
      if (pid === undefined || cwd === undefined) continue
      this.pid = Number(pid)
      this.#answered = Number(answered)
      if (Number(id) === this.#given?.id) this.#report ??= { round: Number(round), status: Number(status), cwd }
      else this.#notTaken()
      this.#settle()
    }
  }

  /**
   * A round, after an interrupt for one, before the command given was taken: it waits in the descriptor, or the interrupt
   * has thrown it away. Which of both, is known when a question that was sent after it has been answered.
   */
  #notTaken(): void {
    const given = this.#given
    if (!given) return
    if (this.#answered <= given.asked) return this.#ask()
    given.asked = this.#asked
    this.#commands.write(given.record)
  }

  #ask(): void {
    this.#asked += 1
    this.#commands.write(this.#record('P', this.#asked, ''))
  }

  #record(kind: 'C' | 'F' | 'P', number: number, text: string): string {
    return `${this.#nonce.subarray(1).toString('latin1')}${kind}${number}:${text}\0`
  }

  /** Passes output on without the markers; what may become one is held back until the rest comes. */
  #output(chunk: Buffer): void {
    this.#read += chunk.length
    let bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk
    this.#held = Buffer.alloc(0)
    for (let at = bytes.indexOf(this.#nonce); at >= 0; at = bytes.indexOf(this.#nonce)) {
      const rest = bytes.subarray(at + this.#nonce.length)
      const end = rest.subarray(0, markRest).indexOf(mark)
      if (end < 0 && rest.length < markRest) {
        this.#give(bytes.subarray(0, at))
        this.#held = Buffer.from(bytes.subarray(at))
        return
      }
      this.#give(bytes.subarray(0, at))
      const [, kind, number] = /^([BE])(\d+)$/.exec(rest.subarray(0, Math.max(0, end)).toString('latin1')) ?? []
      if (kind === 'B') this.#began(Number(number))
      if (kind === 'E') this.#passed(Number(number))
      // One that was cut short by an interrupt names nothing, and is not shown either.
      bytes = kind === undefined ? rest : rest.subarray(end + 1)
    }
    const start = bytes.lastIndexOf(mark)
    const partial = start >= 0 && bytes.length - start < this.#nonce.length && this.#nonce.subarray(0, bytes.length - start).equals(bytes.subarray(start))
    this.#held = partial ? Buffer.from(bytes.subarray(start)) : Buffer.alloc(0)
    this.#give(partial ? bytes.subarray(0, start) : bytes)
  }

  #give(bytes: Buffer): void {
    // What .bashrc says belongs to no command.
    if (bytes.length > 0 && this.#round > 0) this.#events.output(bytes)
  }

  #began(id: number): void {
    const given = this.#given
    if (given?.id !== id) return
    void forget(given.file)
    given.file = null
    this.#events.began()
  }

  #passed(round: number): void {
    this.#round = Math.max(this.#round, round)
    this.#settle()
  }

  /** A command has ended when its report has come and all output up to there, in whichever order and however late. */
  #settle(): void {
    const [given, report] = [this.#given, this.#report]
    if (!given || !report) return
    if (this.#round < report.round) {
      this.#timer ??= setTimeout(() => {
        this.#timer = null
        // The marker of any later round will do.
        if (this.#answered === this.#asked) this.#ask()
        this.#settle()
      }, askAfter)
      return
    }
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#given = null
    this.#report = null
    void forget(given.file)
    if (given.id === 0) this.#ready.resolve()
    else this.#events.ended(report.status, report.cwd)
  }
}
