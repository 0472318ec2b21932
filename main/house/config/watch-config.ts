import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { asBerthError, type BerthError } from '../../../shared/errors.ts'
import type { Clock } from '../../base/clock.ts'
import { errno } from '../../base/write-atomic.ts'
import { chooseFile, loadConfig, type LoadedConfig } from './load-config.ts'
import type { Env } from './settle.ts'

export interface ConfigWatch {
  /** The last good one. */
  current(): LoadedConfig
  /** Why the file as it is now is not in force; null while it is. */
  error(): BerthError | null
  close(): void
}

export interface ConfigWatchOptions {
  readonly file?: string | null | undefined
  readonly env: Env
  readonly home: string
  readonly clock: Clock
  readonly onChange: (now: LoadedConfig, before: LoadedConfig) => void
  /** A bad edit: the last good configuration stays in force. Called once a bad text. */
  readonly onError: (error: BerthError) => void
}

/** An editor writes, renames and truncates in several steps; half a file must not be read. */
const settleMs = 150
/** Network disks and files behind symbolic links give no events. */
const pollMs = 3_000

/** Re-reads the configuration when its file changes, appears or goes. Which file it is was chosen at start and stays. */
export function watchConfig(first: LoadedConfig, options: ConfigWatchOptions): ConfigWatch {
  const { clock } = options
  const { path } = chooseFile(options)
  let good = first
  let error: BerthError | null = null
  let closed = false
  let seen: string | null = null
  let reading = Promise.resolve()
  let settling: { cancel(): void } | null = null
  let polling: { cancel(): void } | null = null

  async function read(): Promise<void> {
    if (closed) return
    seen = await stampOf(path)
    let now: LoadedConfig
    try {
      now = await loadConfig(options)
    } catch (thrown) {
      const before = error?.message
      error = asBerthError(thrown)
      if (!closed && error.message !== before) options.onError(error)
      return
    }
    if (closed) return
    error = null
    const before = good
    good = now
    if (now.text !== before.text || now.file !== before.file) options.onChange(now, before)
  }

  /** One reading after the other, a moment after the last sign of a change. */
  function soon(): void {
    if (closed) return
    settling?.cancel()
    settling = clock.timer(settleMs, () => {
      reading = reading.then(read)
    })
  }

  function poll(): void {
    polling = clock.timer(pollMs, () => {
      void stampOf(path).then((stamp) => {
        if (closed) return
        if (stamp !== seen) soon()
        poll()
      })
    })
  }

  const watcher = watchDirectory(path, soon)
  soon()
  poll()
  return {
    current: () => good,
    error: () => error,
    close() {
      closed = true
      settling?.cancel()
      polling?.cancel()
      watcher?.close()
    },
  }
}

/** What changes when a file does, renamed over or edited in place, through symbolic links. */
async function stampOf(path: string): Promise<string> {
  try {
    const facts = await stat(path, { bigint: true })
    return [facts.dev, facts.ino, facts.size, facts.mtimeNs].join(' ')
  } catch (error) {
    return errno(error)
  }
}

/** The directory is watched, as a watched file is lost when an editor renames another one over it. */
function watchDirectory(path: string, changed: () => void): FSWatcher | null {
  try {
    const watcher = watch(dirname(path), { persistent: false }, (_, name) => {
      if (name === null || name === basename(path)) changed()
    })
    // Its directory went away, or the system's watches are used up: polling goes on.
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return null
  }
}
