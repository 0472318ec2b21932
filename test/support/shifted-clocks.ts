import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A process's own clocks, set from outside while it runs or is stopped. Milliseconds that they are off by. */
export interface ShiftedClocks {
  readonly nodeOptions: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** `monotonic`: time that passed while it was stopped, without the test having to wait for it. */
  set(off: { wall: number; monotonic: number }): void
}

const variable = 'BERTH_TEST_CLOCKS'

/** For one process to be started with `nodeOptions` and `env`; `directory` is the test's own. */
export function shiftedClocks(directory: string): ShiftedClocks {
  const file = join(directory, 'clocks')
  // Whole at every moment: the process reads it whenever it wants to know the time.
  const set: ShiftedClocks['set'] = (off) => {
    writeFileSync(`${file}.tmp`, JSON.stringify(off))
    renameSync(`${file}.tmp`, file)
  }
  set({ wall: 0, monotonic: 0 })
  return { nodeOptions: ['--import', import.meta.filename], env: { [variable]: file }, set }
}

/** In the process itself. */
function shift(file: string): void {
  const off = () => JSON.parse(readFileSync(file, 'utf8')) as { wall: number; monotonic: number }
  const RealDate = Date
  const wall = () => RealDate.now() + off().wall
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[]) => (args.length === 0 ? new target(wall()) : new target(...(args as [number]))),
    get: (target, name, receiver) => (name === 'now' ? wall : (Reflect.get(target, name, receiver) as unknown)),
  })
  const monotonic = performance.now.bind(performance)
  performance.now = () => monotonic() + off().monotonic
}

const file = process.env[variable]
// Imported by a test it only makes them.
if (file !== undefined && process.execArgv.includes(import.meta.filename)) shift(file)
