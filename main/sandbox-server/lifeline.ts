import { readSync } from 'node:fs'

// Where this server is a child of the engine (embedded backend), standard input is the line to it: first the key, one
// line, so that it stands in nobody's environment; then nothing, for as long as the engine lives.

export interface Lifeline {
  readonly key: string
  /** Calls once when the engine is gone. */
  onEnd(run: () => void): void
}

/** With `BERTH_KEY_FD=0` the key, waited for; null: it is in the environment as usual. Throws when the engine died before giving it. */
export function lifeline(env: NodeJS.ProcessEnv): Lifeline | null {
  if (env['BERTH_KEY_FD'] === undefined) return null
  if (env['BERTH_KEY_FD'] !== '0') throw new Error('BERTH_KEY_FD can only be 0')
  const byte = Buffer.alloc(1)
  const bytes: number[] = []
  // Byte by byte: what follows the line belongs to `process.stdin`.
  while (readSync(0, byte) === 1 && byte[0] !== 10) bytes.push(byte[0]!)
  if (byte[0] !== 10 || bytes.length === 0) throw new Error('the engine ended before it gave the key')
  return {
    key: Buffer.from(bytes).toString('utf8'),
    onEnd: (run) => {
      process.stdin.once('close', run)
      process.stdin.resume()
    },
  }
}
