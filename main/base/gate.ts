import { abortError, onAbort } from '../../shared/abort.ts'

/** Lets so many through at once; the others wait in the order in which they came. */
export interface Gate {
  /** Resolves with the function that lets the next one in; calling it twice is calling it once. */
  pass(signal?: AbortSignal): Promise<() => void>
}

export function makeGate(places: number): Gate {
  let free = places
  const line: (() => void)[] = []

  function ticket(): () => void {
    let left = false
    return () => {
      if (left) return
      left = true
      const next = line.shift()
      if (next) next()
      else free += 1
    }
  }

  return {
    pass: (signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(abortError(signal))
        if (free > 0) {
          free -= 1
          return resolve(ticket())
        }
        const enter = () => {
          unlisten()
          resolve(ticket())
        }
        line.push(enter)
        const unlisten = onAbort(signal, (aborted) => {
          line.splice(line.indexOf(enter), 1)
          reject(abortError(aborted))
        })
      }),
  }
}
