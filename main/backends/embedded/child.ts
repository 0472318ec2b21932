import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { constants } from 'node:os'
import type { Clock } from '../../base/clock.ts'
import { onAbort } from '../../../shared/abort.ts'
import { fail } from '../../../shared/errors.ts'
import { listeners } from '../../../shared/listeners.ts'
import { descendants, inheritableDescriptors, readProcess, readProcesses, signal, threadStates } from './processes.ts'
import type { LoggedLine } from '../backend.ts'

/** One lite server to start: in bubblewrap (`options`), or bare. */
export interface Launch {
  /** bubblewrap, or Node itself where there is none. */
  readonly program: string
  /** What is run by it, with the path inside. */
  readonly args: readonly string[]
  /** What `ps` shows as the program: says whose sandbox it is. */
  readonly argv0: string
  readonly env: Readonly<Record<string, string>>
  /** bubblewrap's options, handed over by a descriptor; null: no bubblewrap. */
  readonly options: readonly string[] | null
  readonly key: string
}

/** A running lite server and all that it started. */
export interface Child {
  readonly pid: number
  readonly log: LineLog
  /** Its port. Rejects with START_FAILED when it ends first. */
  readonly listening: Promise<number>
  /** Exit code as a shell counts it: 128 + signal for one that was killed. */
  readonly exited: Promise<number>
  /** After `exited`: no process of it is left and its log is complete. */
  readonly gone: Promise<void>
  /** Asks the server to end. */
  stop(): void
  kill(): void
  /** NOT_SUPPORTED without a namespace, whose processes alone are certain to be found. */
  freeze(): Promise<void>
  thaw(): void
}

/** Descriptors of the child: the key and the lifeline on 0, the log on 1 and 2, bubblewrap's options and its answer. */
const optionsFd = 3
const infoFd = 4

/** Longest that a kill waits for bubblewrap's answer, ms: it comes within milliseconds, or hangs on a dead file system. */
const infoPatience = 2_000

/**
 * Starts it. Spawns on the calling thread: the kernel's parent-death signal is of the thread, so one that ends takes its
 * sandboxes with it.
 */
export function startChild(launch: Launch, clock: Clock): Child {
  const log = lineLog(() => clock.wall())
  const bubblewrap = launch.options !== null
  const own = bubblewrap ? infoFd : 2
  const leaking = new Set(inheritableDescriptors())
  // `ignore` would leave a descriptor above 2 as it is: those that leak become /dev/null.
  const nothing = openSync('/dev/null', 'r')
  const stdio = Array.from({ length: Math.max(own, ...leaking) + 1 }, (_, fd) =>
    fd <= own ? ('pipe' as const) : leaking.has(fd) ? nothing : ('ignore' as const),
  )
  const words = bubblewrap ? ['--args', String(optionsFd), '--info-fd', String(infoFd), '--', ...launch.args] : [...launch.args]
  // A session of its own: Ctrl-C in the engine's terminal is for the engine to answer.
  const process_ = (() => {
    try {
      return spawn(launch.program, words, { argv0: launch.argv0, env: launch.env, stdio, detached: true, cwd: '/' })
    } finally {
      closeSync(nothing)
    }
  })()
  const streams = process_.stdio as unknown as (Readable & Writable)[]
  // A child that ends early leaves nobody to write to; `exited` tells why.
  for (const stream of streams) stream?.on('error', () => {})

  const exited = new Promise<number>((resolve) => {
    process_.once('error', (error) => {
      log.writer()(`${launch.program}: ${error.message}\n`)
      resolve(127)
    })
    process_.once('exit', (code, name) => resolve(code ?? 128 + (name ? constants.signals[name] : 0)))
  })
  const closed = new Promise<void>((resolve) => {
    process_.once('close', () => resolve())
    process_.once('error', () => resolve())
  })
  const listening = new Promise<number>((resolve, reject) => {
    const out = log.writer((line) => {
      const port = portOf(line)
      if (port !== null) resolve(port)
    })
    streams[1]?.setEncoding('utf8').on('data', out)
    streams[2]?.setEncoding('utf8').on('data', log.writer())
    void exited.then(async (code) => {
      await Promise.race([closed, clock.sleep(500)])
      const tail = log.last(5).join(' | ')
      reject(
        fail('START_FAILED', `The sandbox's server ended before it listened (exit code ${code})${tail ? `: ${tail}` : '.'}`, {
          next: '`berth doctor` checks whether sandboxes can be isolated on this machine.',
          details: { exit_code: code, log: log.last(20) },
        }),
      )
    })
  })
  listening.catch(() => {
    // Whoever waits for it hears of it; nobody may wait any more when a start was aborted.
  })

  /** The namespace's first process, as this machine counts it; null: it ended before it was known. */
  const namespace = bubblewrap ? firstProcess(streams[infoFd]!, exited) : Promise.resolve(null)
  let init: number | null = null
  const known = namespace.then((pid) => {
    init = pid
    // The key only now: by here bubblewrap dies with us, and a server without a key ends at once. So an engine that is
    // killed in the middle of a start leaves no server. The pipe stays open: when it ends, we have.
    streams[0]?.write(`${launch.key}\n`)
  })
  if (bubblewrap) streams[optionsFd]?.end(`${launch.options!.join('\0')}\0`)

  const gone = exited.then(async () => {
    await known
    if (init !== null) {
      const first = readProcess(init)
      // Its end waits for the end of every process in the namespace; as a zombie it has waited.
      for (let now = first; now && first && now.started === first.started && now.state !== 'Z'; now = readProcess(init)) {
        signal(init, 'SIGKILL')
        await clock.sleep(2)
      }
    }
    await Promise.race([closed, clock.sleep(1_000)])
    log.end()
  })

  let ended = false
  void exited.then(() => {
    ended = true
  })
  const ifRunning = (act: () => void) => {
    if (!ended && process_.pid !== undefined) act()
  }
  return {
    pid: process_.pid ?? 0,
    log,
    listening,
    exited,
    gone,
    // The end of its lifeline: no signal, which an agent could send as well.
    stop: () => ifRunning(() => void streams[0]?.end()),
    kill() {
      // Not before the namespace's first process is known: until then bubblewrap could die and leave it.
      void Promise.race([known, clock.sleep(infoPatience)]).then(() =>
        ifRunning(() => {
          if (init !== null) signal(init, 'SIGKILL')
          // Without a namespace: what can be found. A daemon that has left the tree stays.
          if (!bubblewrap) for (const row of descendants(readProcesses(), process_.pid!)) signal(row.pid, 'SIGKILL')
          signal(process_.pid!, 'SIGKILL')
        }),
      )
    },
    async freeze() {
      if (init === null) throw cannotPause()
      await freeze(init, clock)
    },
    thaw() {
      if (init === null) throw cannotPause()
      thaw(init)
    },
  }
}

function cannotPause(): Error {
  return fail('NOT_SUPPORTED', 'A sandbox without isolation cannot be paused: its processes cannot be told apart for certain.', {
    next: 'Use the docker backend, or bubblewrap.',
  })
}

function portOf(line: string): number | null {
  if (!line.startsWith('{"listening"')) return null
  try {
    const port: unknown = (JSON.parse(line) as { listening?: { port?: unknown } }).listening?.port
    return typeof port === 'number' ? port : null
  } catch {
    // Not the server's announcement but a line that looks like it: it stays a line of the log.
    return null
  }
}

/** From bubblewrap's `--info-fd`: `{"child-pid": N, ...}`, written once the parent-death signals are set. */
async function firstProcess(info: Readable, exited: Promise<number>): Promise<number | null> {
  let text = ''
  const read = new Promise<number | null>((resolve) => {
    info.setEncoding('utf8')
    info.on('data', (chunk: string) => {
      text += chunk
      const pid = /"child-pid":\s*(\d+)/.exec(text)?.[1]
      if (pid !== undefined) resolve(Number(pid))
    })
    info.once('close', () => resolve(null))
  })
  return Promise.race([read, exited.then(() => read.then((pid) => pid))])
}

// SIGSTOP cannot be caught or ignored, and a pid namespace loses nobody, so stopping what is below its first process until
// two passes in a row find all of it stopped freezes all of it: a process that could wake another would itself
// have been seen running. No cgroup is needed, which an ordinary user often cannot make.

/** Longest that stopping everything may take: a fork bomb outruns any pass. */
const patience = 5_000

/** Stops everything below `root` (the namespace's first process, which only reaps). On failure all of it runs on. */
async function freeze(root: number, clock: Clock): Promise<void> {
  const signalled = new Set<string>()
  const end = clock.now() + patience
  for (let clean = 0; clean < 2;) {
    let running = 0
    for (const row of descendants(readProcesses(), root)) {
      const id = `${row.pid}:${row.started}`
      const states = threadStates(row.pid)
      if (states.every((state) => 'TtZX'.includes(state))) continue
      // Waiting in the kernel with the stop pending (a vfork, a slow disk): it stops before its next own instruction.
      if (signalled.has(id) && states.every((state) => 'TtZXD'.includes(state))) continue
      running += 1
      signalled.add(id)
      signal(row.pid, 'SIGSTOP')
    }
    clean = running === 0 ? clean + 1 : 0
    if (clock.now() > end) {
      thaw(root)
      throw fail('ENGINE_FAILED', 'The sandbox starts processes faster than they can be stopped; it was not paused.', {
        next: 'Look at what runs in it, or destroy it.',
      })
    }
    if (clean < 2) await clock.sleep(1)
  }
}

/** Lets everything below `root` go on, children first: no shell is to see its child stopped. */
function thaw(root: number): void {
  for (const row of descendants(readProcesses(), root).reverse()) signal(row.pid, 'SIGCONT')
}

/** A sandbox's own output: its last lines, for those who look back and those who follow. */
interface LineLog {
  /** One writer (stdout, stderr) each, so that their unfinished lines do not mix. `onLine` hears every line of it. */
  writer(onLine?: (line: string) => void): (chunk: string) => void
  /** The last `count` lines. */
  last(count: number): string[]
  read(options: { tail: number; follow: boolean; signal: AbortSignal }): AsyncIterable<LoggedLine>
  /** No more will come: what is unfinished becomes a line, followers end. */
  end(): void
}

/** Lines kept, and the longest that one may be (characters): a sandbox cannot fill the engine's memory. */
const kept = 2_000
const longest = 16_384

export function lineLog(now: () => number): LineLog {
  const ring: LoggedLine[] = []
  /** Number of the ring's first line, counted from the start of the log. */
  let first = 0
  let ended = false
  const flushes: (() => void)[] = []
  const { tell: wake, on: onWake } = listeners()
  const more = async (signal: AbortSignal) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const ends = [onWake(resolve), onAbort(signal, () => resolve())]
    await promise
    for (const end of ends) end()
  }

  return {
    writer(onLine) {
      let partial = ''
      const emit = (raw: string) => {
        const line = raw.replace(/\r+$/, '').replaceAll('\r', ' ')
        ring.push({ at: new Date(now()).toISOString(), text: line })
        if (ring.length > kept) {
          ring.shift()
          first += 1
        }
        onLine?.(line)
      }
      flushes.push(() => {
        if (partial !== '') emit(partial)
        partial = ''
      })
      return (chunk) => {
        const parts = (partial + chunk).split('\n')
        partial = parts.pop() ?? ''
        for (let line of parts) {
          for (; line.length > longest; line = line.slice(longest)) emit(line.slice(0, longest))
          emit(line)
        }
        for (; partial.length > longest; partial = partial.slice(longest)) emit(partial.slice(0, longest))
        wake()
      }
    },
    last: (count) => (count === 0 ? [] : ring.slice(-count).map(({ text }) => text)),
    async *read({ tail, follow, signal }) {
      const end = first + ring.length
      let next = Math.max(first, end - tail)
      while (!signal.aborted && (follow || next < end)) {
        if (next < first) {
          yield { at: null, text: `[${first - next} lines were dropped here]` }
          next = first
        }
        const line = ring[next - first]
        if (line !== undefined) {
          next += 1
          yield line
        } else if (ended) return
        else await more(signal)
      }
    },
    end() {
      for (const flush of flushes) flush()
      ended = true
      wake()
    },
  }
}
