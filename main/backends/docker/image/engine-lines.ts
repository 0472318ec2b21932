import { once } from 'node:events'

/** A line of the engine's answer to a pull, an import or a build. */
export interface EngineLine {
  readonly status?: string
  readonly stream?: string
  readonly id?: string
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
  readonly error?: string
  readonly errorDetail?: { readonly message?: string }
}

/** Reads the answer to its end. The engine reports a failure as a line, after a status of 200: that is thrown as an Error. */
export async function readEngineLines(stream: NodeJS.ReadableStream, signal: AbortSignal, each: (line: EngineLine) => void): Promise<void> {
  let rest = ''
  let failure: string | null = null
  const take = (text: string) => {
    if (text.trim() === '') return
    const line = JSON.parse(text) as EngineLine
    if (line.error !== undefined) failure = line.errorDetail?.message ?? line.error
    else each(line)
  }
  for await (const chunk of stream) {
    if (signal.aborted) break
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(take)
  }
  if (signal.aborted) throw new Error('aborted')
  take(rest)
  if (failure !== null) throw new Error(failure)
}

/** Ends a child process and waits until it is gone. */
export async function endChild(
  child: { exitCode: number | null; signalCode: NodeJS.Signals | null; pid?: number | undefined; kill(signal: NodeJS.Signals): boolean } & NodeJS.EventEmitter,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
