import { closeSync, constants, openSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnForAgent } from './agent-process.ts'

/** Both ends of a kernel pipe, as file descriptors. Whoever takes one closes both. */
export interface Pipe {
  readonly read: number
  readonly write: number
}

/**
 * Real pipes for commands. What Node calls a pipe is a socket pair, and opening `/dev/stderr` or `/dev/stdin` of a
 * socket fails (ENXIO), so that an everyday `echo oops >/dev/stderr` would break. Node cannot call pipe(2), so fifos
 * are made a dozen at a time, opened at both ends and unlinked; a command then costs no process more.
 */
export interface Pipes {
  /** `count` pipes, or null where none can be made (no room, no mkfifo): then socket pairs must do. */
  take(count: number): Promise<Pipe[] | null>
  close(): void
}

/** Reads are handled one after another, so one buffer is enough for all of them. */
const shared = Buffer.allocUnsafeSlow(64 * 1024)

const batch = 12
const low = 6

export function pipes(): Pipes {
  const ready: Pipe[] = []
  let filling: Promise<void> | null = null
  /** Where fifos are being made just now. */
  let directory: string | null = null
  let broken = false
  let closed = false

  const fill = (): Promise<void> => {
    filling ??= make(batch, (path) => {
      directory = path
    })
      .then((made) => {
        if (closed) made.forEach(release)
        else ready.push(...made)
      })
      .catch((cause: unknown) => {
        broken = true
        if (!closed) console.error(`sandbox-server: no pipes, using socket pairs: ${String(cause)}`)
      })
      .finally(() => {
        directory = null
        filling = null
      })
    return filling
  }

  return {
    take: async (count) => {
      while (ready.length < count && !broken && !closed) await fill()
      if (ready.length < count) return null
      const taken = ready.splice(0, count)
      // Later, so that making new ones does not delay the command that took these.
      if (ready.length < low && !filling) setTimeout(() => void fill(), 20).unref()
      return taken
    },
    close: () => {
      closed = true
      // The process may end before the making of new ones has.
      if (directory !== null) rmSync(directory, { recursive: true, force: true })
      ready.splice(0).forEach(release)
    },
  }
}

/**
 * The server's end of a pipe to read from; the other end, which the command has by now, is closed here. Everything is
 * read into one buffer: a megabyte a millisecond in buffers of its own would leave the heap tens of megabytes larger.
 * What `data` is given must be copied before it returns.
 */
export function reader(pipe: Pipe, data: (chunk: Buffer) => void): Socket {
  closeSync(pipe.write)
  const onread = {
    buffer: shared,
    callback: (count: number, bytes: Uint8Array): boolean => {
      data(Buffer.from(bytes.buffer, bytes.byteOffset, count))
      return true
    },
  }
  const socket = new Socket({ fd: pipe.read, readable: true, writable: false, onread })
  // A pipe that cannot be read any more ends like one that is closed.
  socket.on('error', () => socket.destroy())
  return socket.resume()
}

export function writer(pipe: Pipe): Socket {
  closeSync(pipe.read)
  return new Socket({ fd: pipe.write, readable: false, writable: true })
}

/** Of one that nobody else has an end of. */
export function release(pipe: Pipe): void {
  closeSync(pipe.read)
  closeSync(pipe.write)
}

async function make(count: number, where: (directory: string) => void): Promise<Pipe[]> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-pipes-'))
  where(directory)
  const made: Pipe[] = []
  try {
    const names = Array.from({ length: count }, (_, index) => join(directory, String(index)))
    await mkfifo(names)
    for (const name of names) made.push(openBoth(name))
    return made
  } catch (cause) {
    made.forEach(release)
    throw cause
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Read-write never waits for the other end; with it held, neither does opening each end by itself. */
function openBoth(name: string): Pipe {
  const both = openSync(name, constants.O_RDWR)
  try {
    const read = openSync(name, constants.O_RDONLY)
    return { read, write: openSync(name, constants.O_WRONLY) }
  } finally {
    closeSync(both)
  }
}

function mkfifo(names: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawnForAgent('mkfifo', ['-m', '600', ...names], { stdio: 'ignore' })
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`mkfifo ended with ${code}`))))
  })
}
