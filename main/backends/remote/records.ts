import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readJson } from '../../home/read-json.ts'
import { writeAtomic } from '../../home/write-atomic.ts'
import type { Log } from '../../log.ts'

/** What the dialect cannot carry and Berth must know again after a restart. */
const record = z.object({
  name: z.string(),
  id: z.string(),
  user: z.string(),
  /** null: anonymous. */
  thread: z.string().nullable(),
  nonce: z.string(),
  configHash: z.string(),
  version: z.string(),
  /** Wall clock. */
  createdAt: z.number(),
})
export type RemoteRecord = z.infer<typeof record>

/** `remote/<id on the far side>`, one writer: this engine. Memory is what counts while it runs, the files are for the next. */
export interface Records {
  get(wireId: string): RemoteRecord | undefined
  byName(name: string): { wireId: string; record: RemoteRecord } | undefined
  all(): [string, RemoteRecord][]
  /** On disk before it is known: written before the far side is asked to make anything. Throws DISK_FULL or HOME_UNUSABLE. */
  put(wireId: string, record: RemoteRecord): Promise<void>
  drop(wireId: string): Promise<void>
}

export async function openRecords(dir: string, isOurs: (wireId: string) => boolean, log: Log): Promise<Records> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const known = new Map<string, RemoteRecord>()
  for (const file of await readdir(dir)) {
    if (!isOurs(file)) continue
    const { value, broken } = await readJson(join(dir, file), record)
    if (value) known.set(file, value)
    else if (broken) log('warn', `What Berth knew of the remote sandbox ${file} cannot be read (${broken.reason}); it will be removed`)
  }
  return {
    get: (wireId) => known.get(wireId),
    byName(name) {
      for (const [wireId, one] of known) if (one.name === name) return { wireId, record: one }
      return undefined
    },
    all: () => [...known],
    async put(wireId, one) {
      await writeAtomic(join(dir, wireId), JSON.stringify(one), { mode: 0o600 })
      known.set(wireId, one)
    },
    async drop(wireId) {
      known.delete(wireId)
      try {
        await rm(join(dir, wireId), { force: true })
      } catch (error) {
        // The next engine finds it, is told that there is no such sandbox, and drops it.
        log('warn', `The file of a remote sandbox that is gone could not be deleted: ${wireId}`, error)
      }
    },
  }
}
