import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { leaseRecord, type LeaseRecord } from '../../core/lease-record.ts'
import type { ProviderDeps } from '../../core/deps.ts'

/** Writes of one id at least this far apart: activity alone must not keep a disk busy. */
const spacingMs = 2000

/** `leases/<id>`, one writer each, written behind. What cannot be written is told once per outage and loses no sandbox. */
export function leaseFiles(
  dir: string,
  effects: {
    write: (path: string, text: string) => Promise<void>
    problem: (text: string) => void
    later: (ms: number, run: () => void) => { cancel(): void }
  },
): ProviderDeps['leases'] {
  const path = (id: string) => join(dir, id)
  /** What is to be on disk; null: no file. */
  const wanted = new Map<string, { record: LeaseRecord | null; urgent: boolean }>()
  const waiting = new Map<string, { cancel(): void }>()
  const holders = new Map<string, string>()
  const writing = new Map<string, Promise<void>>()
  let broken = false

  async function put(id: string): Promise<void> {
    const next = wanted.get(id)
    if (!next) return
    wanted.delete(id)
    try {
      if (next.record === null) await rm(path(id), { force: true })
      else await effects.write(path(id), JSON.stringify(next.record))
      broken = false
    } catch (error) {
      if (!broken) effects.problem(`Leases cannot be written to ${dir}: ${String(error)}`)
      broken = true
      // Nobody holds it: without a file it is warm at the next start, as it should be; by an old one it would still be held.
      if (next.record?.holders.length === 0) await rm(path(id), { force: true }).catch(() => undefined)
    }
  }

  /** One write of an id at a time; what was wanted meanwhile follows. */
  function start(id: string): void {
    waiting.get(id)?.cancel()
    waiting.delete(id)
    if (writing.has(id)) return
    const done = put(id).then(() => {
      writing.delete(id)
      const next = wanted.get(id)
      if (next?.urgent) start(id)
      else if (next) delay(id)
    })
    writing.set(id, done)
  }

  function delay(id: string): void {
    if (!waiting.has(id))
      waiting.set(
        id,
        effects.later(spacingMs, () => start(id)),
      )
  }

  return {
    async load() {
      await mkdir(dir, { recursive: true, mode: 0o700 })
      const records = new Map<string, LeaseRecord>()
      for (const id of await readdir(dir)) {
        // Half a write of an engine that was killed: nobody else writes here.
        if (/^[a-f0-9]{16}\.[a-f0-9]+\.tmp$/.test(id)) await rm(path(id), { force: true })
        if (!/^[a-f0-9]{16}$/.test(id)) continue
        try {
          records.set(id, leaseRecord.parse(JSON.parse(await readFile(path(id), 'utf8'))))
        } catch (error) {
          effects.problem(`The lease file ${id} cannot be read and is ignored: ${String(error)}`)
        }
      }
      return records
    },
    save(id, record) {
      // Who holds it matters at once; a later stamp of activity can wait.
      const who = JSON.stringify(record.holders.map(({ holder }) => holder))
      const urgent = holders.get(id) !== who || wanted.get(id)?.urgent === true
      holders.set(id, who)
      wanted.set(id, { record, urgent })
      if (urgent) start(id)
      else delay(id)
    },
    remove(id) {
      holders.delete(id)
      wanted.set(id, { record: null, urgent: true })
      start(id)
    },
    async written(id) {
      while (writing.has(id)) await writing.get(id)
    },
    async flush() {
      for (const id of [...wanted.keys()]) start(id)
      while (writing.size > 0 || wanted.size > 0) {
        await Promise.all(writing.values())
        for (const id of [...wanted.keys()]) start(id)
      }
    },
  }
}
