import { open, rename, type FileHandle } from 'node:fs/promises'
import type { Log } from '../log.ts'

/** The event log on disk: JSON lines, 0600, two files of `limit` bytes at most. Nothing it meets fails its caller. */
export interface EventFile {
  append(line: string): void
  /** Lines that could not be written since the start. */
  lost(): number
  /** Writes what waits, then lets go of the file. */
  close(): Promise<void>
}

/** Lines that wait for a slow disk; more are counted as lost. */
const longestQueue = 10_000

export function openEventFile(deps: { path: string; limit: number; log: Log }): EventFile {
  const waiting: string[] = []
  let handle: FileHandle | null = null
  let size = 0
  let lost = 0
  let outage = 0
  let flushing: Promise<void> | null = null

  async function reopen(): Promise<FileHandle> {
    const file = await open(deps.path, 'a', 0o600)
    handle = file
    const facts = await file.stat()
    if (facts.isFile() && (facts.mode & 0o077) !== 0) await file.chmod(0o600)
    size = facts.size
    return file
  }

  async function write(text: string): Promise<void> {
    const bytes = Buffer.from(text, 'utf8')
    let file = handle ?? (await reopen())
    if (size > 0 && size + bytes.byteLength > deps.limit) {
      handle = null
      await file.close()
      await rename(deps.path, `${deps.path}.old`)
      file = await reopen()
    }
    await file.writeFile(bytes)
    size += bytes.byteLength
  }

  /** What waits, but not so much of it at once that the files' bound would mean nothing. */
  function batch(): string[] {
    let length = 0
    const end = waiting.findIndex((line) => (length += Buffer.byteLength(line)) > deps.limit / 4)
    return waiting.splice(0, end < 0 ? waiting.length : Math.max(1, end))
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const lines = batch()
      try {
        // After a failure the file may end in half a line.
        await write(`${outage > 0 ? '\n' : ''}${lines.join('')}`)
        if (outage > 0) deps.log('info', `The event log can be written again; ${outage} lines are missing in it`)
        outage = 0
      } catch (thrown) {
        if (outage === 0) deps.log('error', `The event log ${deps.path} cannot be written; its lines are counted until it can`, thrown)
        lost += lines.length
        outage += lines.length
        // A handle that failed is not trusted; that it cannot be closed either says nothing new.
        await handle?.close().catch(() => undefined)
        handle = null
      }
    }
  }

  return {
    append(line) {
      if (waiting.length >= longestQueue) {
        lost++
        return
      }
      waiting.push(`${line}\n`)
      flushing ??= flush().finally(() => {
        flushing = null
      })
    },
    lost: () => lost,
    async close() {
      await flushing
      await handle?.close()
      handle = null
    },
  }
}
