import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { writeAtomic } from '../../main/base/write-atomic.ts'

const shellState = z.object({
  bounds: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }).nullable().catch(null),
  maximised: z.boolean().catch(false),
  theme: z.enum(['system', 'light', 'dark']).catch('system'),
  /** The person has been told once that closing the window leaves Berth running. */
  told: z.boolean().catch(false),
})
export type ShellState = z.infer<typeof shellState>

const fresh: ShellState = { bounds: null, maximised: false, theme: 'system', told: false }

export interface ShellMemory {
  get(): ShellState
  /** Written within a second, and before `flush` settles. */
  set(change: Partial<ShellState>): void
  flush(): Promise<void>
}

/** What the shell remembers from one run to the next: a small file of its own, and losing it costs a window's place. */
export async function openShellMemory(file: string, problem: (text: string) => void): Promise<ShellMemory> {
  let state = await load(file)
  let timer: NodeJS.Timeout | null = null
  let writing = Promise.resolve()
  function write(): void {
    timer = null
    const text = `${JSON.stringify(state)}\n`
    writing = writing.then(() => writeAtomic(file, text, { mode: 0o600, sync: false })).catch((error: unknown) => problem(String(error)))
  }
  return {
    get: () => state,
    set(change) {
      state = { ...state, ...change }
      timer ??= setTimeout(write, 500)
    },
    async flush() {
      if (timer) {
        clearTimeout(timer)
        write()
      }
      await writing
    },
  }
}

async function load(file: string): Promise<ShellState> {
  try {
    return shellState.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    // Not there yet, or not readable: the first look is as good.
    return fresh
  }
}
