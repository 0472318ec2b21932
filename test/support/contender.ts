import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { once } from 'node:events'

export interface Said {
  readonly pid?: number
  readonly role?: 'engine' | 'guest'
  readonly id?: string
  readonly container?: string | null
  readonly was_replaced?: boolean
  readonly stdout?: string
  readonly error?: string
  readonly next?: string
}

/** A process that called `openProvider`, driven line by line. */
export interface Contender {
  readonly child: ChildProcess
  /** The next thing that it says. */
  next(): Promise<Said>
  ask(order: string): Promise<Said>
  kill(): Promise<void>
}

/** `within`: a command to run it in, e.g. another network namespace. */
export function contend(home: string, thread: string, options: { within?: readonly string[]; env?: Record<string, string> } = {}): Contender {
  const own = [join(import.meta.dirname, 'provider-process.ts'), home, thread]
  const [outer, ...rest] = options.within ?? []
  const child = spawn(outer ?? process.execPath, outer === undefined ? own : [...rest, process.execPath, ...own], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  })
  const said: Said[] = []
  const waiting: { resolve(said: Said): void; reject(error: Error): void }[] = []
  let unfinished = ''
  let errors = ''
  child.stderr.on('data', (data) => void (errors += String(data)))
  child.stdout.on('data', (data) => {
    const lines = (unfinished + String(data)).split('\n')
    unfinished = lines.pop() ?? ''
    for (const line of lines) {
      const it = JSON.parse(line) as Said
      const first = waiting.shift()
      if (first) first.resolve(it)
      else said.push(it)
    }
  })
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`the process ended (${code ?? signal}): ${errors}`))
  })
  const next = () => {
    const ready = said.shift()
    return ready ? Promise.resolve(ready) : new Promise<Said>((resolve, reject) => waiting.push({ resolve, reject }))
  }
  return {
    child,
    next,
    ask(order) {
      child.stdin.write(`${order}\n`)
      return next()
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}
