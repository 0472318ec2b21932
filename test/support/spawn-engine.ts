import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Engine } from '../../main/engine/engine-api.ts'
import type { CallInput, CallName, CallResult } from '../../shared/contract.ts'
import { fromErrorData, type ErrorData } from '../../shared/errors.ts'
import type { ShiftedClocks } from './shifted-clocks.ts'

/** An engine in a process of its own, driven line by line. */
export interface SpawnedEngine {
  readonly pid: number
  /** Another process is the engine of this home. */
  readonly attached: boolean
  call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallResult<K>>
  /** From now on the process ends at this border of a claim's steps. */
  arm(border: number): Promise<void>
  /** Borders passed since. */
  passed(): Promise<string[]>
  /** Bytes in use after a garbage collection: heap and what it holds outside of it. */
  heap(): Promise<number>
  /** Resolves when the process has ended, by whatever. */
  readonly ended: Promise<void>
  /** SIGSTOP, and SIGCONT: a process that is suspended. */
  suspend(on: boolean): void
  kill(): Promise<void>
  /** What could not be ended. */
  close(): Promise<Awaited<ReturnType<Engine['close']>>>
}

interface Answer {
  readonly n?: number
  readonly ready?: string
  readonly attached?: boolean
  readonly result?: unknown
  readonly error?: ErrorData
}

interface SpawnOptions {
  /** Another user than this process's. */
  readonly as?: { uid: number; gid: number } | undefined
  readonly env?: Record<string, string>
  /** A command to run it in, e.g. another network namespace. */
  readonly within?: readonly string[]
  /** Its clocks, to be set while it runs: see shifted-clocks.ts. */
  readonly clocks?: ShiftedClocks
}

export async function spawnEngine(home: string, options: SpawnOptions = {}): Promise<SpawnedEngine> {
  const own = [...(options.clocks?.nodeOptions ?? []), join(import.meta.dirname, 'engine-process.ts'), home]
  const [program = process.execPath, ...rest] = options.within ?? []
  const child = spawn(program, options.within ? [...rest, process.execPath, ...own] : own, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.clocks?.env, ...options.env },
    ...options.as,
  })
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>()
  let asked = 0
  let errors = ''
  child.stderr.on('data', (data) => void (errors += String(data)))
  child.stdin.on('error', () => undefined) // it was killed: `exit` tells
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer
    waiting.get(answer.n ?? 0)?.resolve(answer)
    waiting.delete(answer.n ?? 0)
  })
  let over = false
  const ended = once(child, 'exit').then(() => {
    over = true
    for (const { reject } of waiting.values()) reject(new Error(`the engine's process ended: ${errors}`))
  })
  const answer = (n: number) => new Promise<Answer>((resolve, reject) => void waiting.set(n, { resolve, reject }))
  const ask = async (order: object): Promise<unknown> => {
    if (over) throw new Error(`the engine's process ended: ${errors}`)
    const n = (asked += 1)
    const said = answer(n)
    child.stdin.write(`${JSON.stringify({ ...order, n })}\n`)
    const { error, result } = await said
    if (error) throw fromErrorData(error)
    return result
  }
  const { attached = false } = await answer(0)
  return {
    attached,
    pid: child.pid ?? 0,
    ended,
    call: async (call, input) => (await ask({ call, input })) as never,
    arm: async (border) => void (await ask({ arm: border })),
    passed: async () => (await ask({ steps: true })) as string[],
    heap: async () => (await ask({ heap: true })) as number,
    suspend: (on) => void child.kill(on ? 'SIGSTOP' : 'SIGCONT'),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async close() {
      const left = (await ask({ close: true })) as never
      await ended
      return left
    },
  }
}
