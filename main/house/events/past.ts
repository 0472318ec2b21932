import { open } from 'node:fs/promises'
import { z } from 'zod'
import { type BerthEvent, berthEvent } from '../../../shared/events.ts'
import { errno } from '../../base/write-atomic.ts'

/** Where a reader was: the last event it saw, and the instance of the engine that told it. */
export interface Seen {
  readonly instance: string
  readonly seq: number
}

export interface Past {
  readonly events: readonly { readonly instance: string; readonly event: BerthEvent }[]
  /** How many after `seen` are not kept any more. */
  readonly dropped: number
}

/** A line of the log on disk. */
const line = berthEvent.extend({ instance: z.string() })

/** Looked through from the end, in bytes: some thousand events. */
const tailBytes = 1_048_576

/**
 * What the log on disk has of earlier instances after `seen`, oldest first, the newest `most` of it; null where it knows
 * nothing of that instance. What `current` told is not in it.
 */
export async function pastAfter(path: string, seen: Seen, options: { current: string; most: number }): Promise<Past | null> {
  const newer = await tail(path, tailBytes)
  const older = newer.length < tailBytes ? await tail(`${path}.old`, tailBytes - newer.length) : ''
  const told = `${older}${newer}`.split('\n').flatMap((text) => parsed(text) ?? [])
  const last = told.findLastIndex((it) => it.instance === seen.instance)
  if (last < 0) return null
  const next = told.findIndex((it) => it.instance === seen.instance && it.seq > seen.seq)
  const missed = next < 0 ? 0 : (told[next]?.seq ?? 0) - seen.seq - 1
  const after = told.slice(next < 0 ? last + 1 : next).filter((it) => it.instance !== options.current)
  return {
    events: after.slice(-options.most).map(({ instance, ...event }) => ({ instance, event })),
    dropped: missed + Math.max(0, after.length - options.most),
  }
}

/** The last bytes of a file; '' where there is none. Its first line may be a part of one. */
async function tail(path: string, bytes: number): Promise<string> {
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(Math.min(size, bytes)), position: Math.max(0, size - bytes) })
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (errno(error) === 'ENOENT') return ''
    throw error
  }
}

/** null: a part of a line, or one of an older version. */
function parsed(text: string): z.infer<typeof line> | null {
  if (!text.startsWith('{')) return null
  try {
    return line.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
