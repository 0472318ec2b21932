import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { constants } from 'node:os'
import type { Clock } from '../../clock.ts'
import { fail } from '../../../shared/errors.ts'
import { freeze, thaw } from './freezer.ts'
import type { LineLog } from './line-log.ts'
import { lineLog } from './line-log.ts'
import { descendants, inheritableDescriptors, readProcess, readProcesses, signal } from './processes.ts'

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
    fd <= own ? 'pipe' as const : leaking.has(fd) ? nothing : 'ignore' as const,
  )
  const words = bubblewrap
    ? ['--args', String(optionsFd), '--info-fd', String(infoFd), '--', ...launch.args]
    : [...launch.args]
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
      void Promise.race([known, clock.sleep(infoPatience)]).then(() => ifRunning(() => {
        if (init !== null) signal(init, 'SIGKILL')
        // Without a namespace: what can be found. A daemon that has left the tree stays.
        if (!bubblewrap) for (const row of descendants(readProcesses(), process_.pid!)) signal(row.pid, 'SIGKILL')
        signal(process_.pid!, 'SIGKILL')
      }))
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
