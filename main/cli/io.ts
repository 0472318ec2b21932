import type { Readable, Writable } from 'node:stream'

/** The process around the command, handed in. */
export interface Io {
  readonly env: NodeJS.ProcessEnv
  readonly stdin: Readable & { isTTY?: boolean }
  readonly stdout: Writable & { isTTY?: boolean }
  readonly stderr: Writable & { isTTY?: boolean; columns?: number }
  /** Calls for SIGINT, SIGTERM and SIGHUP until the returned function is called; the process does not end by itself meanwhile. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void
  /** Ends the process at once. */
  exit(code: number): never
}

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function processIo(): Io {
  return {
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    onSignal(listener) {
      for (const name of endings) process.on(name, listener)
      return () => {
        for (const name of endings) process.off(name, listener)
      }
    },
    exit: (code) => process.exit(code),
  }
}

/** What a shell reports for a process that a signal ended. */
export function signalExit(signal: NodeJS.Signals): number {
  return 128 + ({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as Partial<Record<NodeJS.Signals, number>>)[signal]!
}

/** Writes and waits until it is taken. */
export function write(to: Writable, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => void to.write(data, (error) => (error ? reject(error) : resolve())))
}
