import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { CallInput, CallName, CallResult } from '../../shared/contract.ts'
import { fromErrorData, type ErrorData } from '../../shared/errors.ts'

/** An engine in a process of its own, driven line by line. */
export interface SpawnedEngine {
  readonly pid: number
  call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallResult<K>>
  /** From now on the process ends at this border of a claim's steps. */
  arm(border: number): Promise<void>
  /** Borders passed since. */
  passed(): Promise<string[]>
  /** Bytes in use after a garbage collection: heap and what it holds outside of it. */
  heap(): Promise<number>
  /** Resolves when the process has ended, by whatever. */
  readonly ended: Promise<void>
  kill(): Promise<void>
  close(): Promise<void>
}

interface Answer { readonly ready?: string; readonly result?: unknown; readonly error?: ErrorData }

/** `as`: another user than this process's. */
export async function spawnEngine(home: string, options: { as?: { uid: number; gid: number } | undefined; env?: Record<string, string> } = {}): Promise<SpawnedEngine> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'engine-process.ts'), home], {
    stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...options.env }, ...options.as,
  })
  const waiting: { resolve(answer: Answer): void; reject(error: Error): void }[] = []
  let errors = ''
  child.stderr.on('data', (data) => void (errors += String(data)))
  child.stdin.on('error', () => undefined) // it was killed: `exit` tells
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line) as Answer))
  let over = false
  const ended = once(child, 'exit').then(() => {
    over = true
    for (const { reject } of waiting.splice(0)) reject(new Error(`the engine's process ended: ${errors}`))
  })
  const answer = () => new Promise<Answer>((resolve, reject) => void waiting.push({ resolve, reject }))
  const ask = async (order: unknown): Promise<unknown> => {
    if (over) throw new Error(`the engine's process ended: ${errors}`)
    const said = answer()
    child.stdin.write(`${JSON.stringify(order)}\n`)
    const { error, result } = await said
    if (error) throw fromErrorData(error)
    return result
  }
  await answer()
  return {
    pid: child.pid ?? 0,
    ended,
    call: async (call, input) => (await ask({ call, input })) as never,
    arm: async (border) => void (await ask({ arm: border })),
    passed: async () => (await ask({ steps: true })) as string[],
    heap: async () => (await ask({ heap: true })) as number,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async close() {
      child.stdin.write('{"close":true}\n')
      await ended
    },
  }
}
