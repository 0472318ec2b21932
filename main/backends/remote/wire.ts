import { createHash } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Found, Owner } from '../backend.ts'
import { readJson } from '../../base/read-json.ts'
import { writeAtomic } from '../../base/write-atomic.ts'
import type { Log } from '../../base/log.ts'

/** One sandbox as the dialect tells of it. Fields beyond these three are nobody's promise. */
const answer = z.object({ sandbox_id: z.string(), sandbox_url: z.string(), status: z.string() })

export interface Row {
  readonly id: string
  /** Without a trailing slash. */
  readonly url: string
  /** `unknown`: the far side itself cannot say. */
  readonly state: Found['state'] | 'unknown'
}

/** Words of deer-flow's provisioner, which are Kubernetes' phases of a pod; null: the word says that there is none. */
const states: Readonly<Record<string, Found['state'] | null>> = {
  Pending: 'created',
  Running: 'running',
  Succeeded: 'exited',
  Failed: 'exited',
  NotFound: null,
}

/** The row, `gone`, or null for what is not of the dialect. A word that is not known here is unknown, never dead. */
export function readRow(json: unknown): Row | 'gone' | null {
  const read = answer.safeParse(json)
  if (!read.success) return null
  const { sandbox_id: id, sandbox_url, status } = read.data
  const state = Object.hasOwn(states, status) ? states[status] : 'unknown'
  if (state === null) return 'gone'
  const url = URL.parse(sandbox_url)
  if (state === undefined || url === null || !/^https?:$/.test(url.protocol)) return null
  return { id, url: sandbox_url.replace(/\/+$/, ''), state }
}

/**
 * The rows of a list by id; null for what is not one. A row that cannot be read is left out, as the list is everybody's
 * who uses that provisioner; whoever misses one of his own asks for it by id.
 */
export function readList(json: unknown): Map<string, Row> | null {
  const read = z.object({ sandboxes: z.array(z.unknown()) }).safeParse(json)
  if (!read.success) return null
  const rows = new Map<string, Row>()
  for (const one of read.data.sandboxes) {
    const row = readRow(one)
    if (row !== null && row !== 'gone') rows.set(row.id, row)
  }
  return rows
}

/**
 * Our names on the far side: `berth-{whose}-{id}-{turn}`. The dialect has no labels, so the id itself says whose it is
 * (installation and home). The turn is 0 unless a life of this name ended just now: on Kubernetes a pod outlives its DELETE
 * by its grace, and a new one of the same name would meet it. 33 characters of `[a-z0-9-]`, as a pod's name allows; few
 * for each name, as another Berth keeps in mind what each once meant.
 */
export interface WireNames {
  /** The first of this name that is free; the last one where none is. */
  next(name: string, taken: (wireId: string) => boolean): string
  isOurs(wireId: string): boolean
  /** Whether it is an id of this name. */
  isOf(wireId: string, name: string): boolean
}

const turns = [...'0123456789abcdef']

export function wireNames(owner: Owner): WireNames {
  const whose = hash(`${owner.installation}\n${owner.home}`).slice(0, 8)
  const prefix = (name: string) => `berth-${whose}-${keyOf(name)}-`
  const ours = new RegExp(`^berth-${whose}-[0-9a-f]{16}-[0-9a-f]$`)
  return {
    next(name, taken) {
      const ids = turns.map((turn) => prefix(name) + turn)
      return ids.find((id) => !taken(id)) ?? `${prefix(name)}f`
    },
    isOurs: (wireId) => ours.test(wireId),
    isOf: (wireId, name) => ours.test(wireId) && wireId.startsWith(prefix(name)),
  }
}

/** A sandbox's `ref`: its id there, and which life of that id it is. One of which nothing is known has the bare id. */
export const refOf = (wireId: string, nonce: string | null): string => (nonce === null ? wireId : `${wireId}.${hash(nonce).slice(0, 8)}`)

/** The id on the far side that a `ref` means. */
export const farId = (ref: string): string => ref.split('.', 1)[0] ?? ref

/** The sandbox's id, which people look for, where the name ends with one. */
function keyOf(name: string): string {
  return /-([0-9a-f]{16})$/.exec(name)?.[1] ?? hash(name).slice(0, 16)
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex')

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
