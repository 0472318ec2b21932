import type { LoggedLine } from '../backend.ts'

/** A sandbox's own output: its last lines, for those who look back and those who follow. */
export interface LineLog {
  /** One writer (stdout, stderr) each, so that their unfinished lines do not mix. `onLine` hears every line of it. */
  writer(onLine?: (line: string) => void): (chunk: string) => void
  /** The last `count` lines. */
  last(count: number): string[]
  read(options: { tail: number; follow: boolean; signal: AbortSignal }): AsyncIterable<LoggedLine>
  /** No more will come: what is unfinished becomes a line, followers end. */
  end(): void
}

/** Lines kept, and the longest that one may be (characters): a sandbox cannot fill the engine's memory. */
const kept = 2_000
const longest = 16_384

export function lineLog(now: () => number): LineLog {
  const ring: LoggedLine[] = []
  /** Number of the ring's first line, counted from the start of the log. */
  let first = 0
  let ended = false
  const flushes: (() => void)[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const resume of [...waiting]) resume()
  }
  const more = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const resume = () => {
        waiting.delete(resume)
        signal.removeEventListener('abort', resume)
        resolve()
      }
      waiting.add(resume)
      signal.addEventListener('abort', resume)
    })

  return {
    writer(onLine) {
      let partial = ''
      const emit = (raw: string) => {
        const line = raw.replace(/\r+$/, '').replaceAll('\r', ' ')
        ring.push({ at: new Date(now()).toISOString(), text: line })
        if (ring.length > kept) {
          ring.shift()
          first += 1
        }
        onLine?.(line)
      }
      flushes.push(() => {
        if (partial !== '') emit(partial)
        partial = ''
      })
      return (chunk) => {
        const parts = (partial + chunk).split('\n')
        partial = parts.pop() ?? ''
        for (let line of parts) {
          for (; line.length > longest; line = line.slice(longest)) emit(line.slice(0, longest))
          emit(line)
        }
        for (; partial.length > longest; partial = partial.slice(longest)) emit(partial.slice(0, longest))
        wake()
      }
    },
    last: (count) => (count === 0 ? [] : ring.slice(-count).map(({ text }) => text)),
    async *read({ tail, follow, signal }) {
      const end = first + ring.length
      let next = Math.max(first, end - tail)
      while (!signal.aborted && (follow || next < end)) {
        if (next < first) {
          yield { at: null, text: `[${first - next} lines were dropped here]` }
          next = first
        }
        const line = ring[next - first]
        if (line !== undefined) {
          next += 1
          yield line
        } else if (ended) return
        else await more(signal)
      }
    },
    end() {
      for (const flush of flushes) flush()
      ended = true
      wake()
    },
  }
}
