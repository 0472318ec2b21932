import { randomBytes } from 'node:crypto'
import { chmodSync, lstatSync, readdirSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { lstat, mkdir, readdir, readFile, rename, rm, rmdir, unlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { fail } from '../../../shared/errors.ts'
import { diskError, errno, writeTemp } from '../../base/write-atomic.ts'
import { linkOnce, makeEmptyOnly, makeOnceOnly } from '../../base/make-once.ts'
import type { Home } from '../home/open-home.ts'
import type { ClaimFiles, SlotFiles, SlotSight, SlotState } from '../../core/slot-deps.ts'
import { ensureLeaves, type FilesOwner, leafMode, leaves, makeOpen, makeShelter, userDataOf } from './ensure-thread.ts'
import type { Place } from './places.ts'
import { moveAndSay } from './host-facts.ts'
import { removeTree } from '../../base/remove-tree.ts'

const claimFile = 'claim.json'
const movedName = /^\.berth-moved-[a-f0-9]{12}$/
const wordName = /^\.berth-[a-f0-9]{8}(\.tmp)?$/
const slotName = /^[a-f0-9]{16}$/

/** `slots/<s>/claim.json`: this container's identity for life. Empty, or `retired` as older versions wrote: it is never to be anybody's. */
const claimRecord = z.union([
  z.object({ retired: z.literal(true) }),
  z.object({ id: z.string(), user: z.string(), thread: z.string().nullable(), started: z.string() }),
])

/** The directories of slots: `slots/<s>/user-data`, which a running container sees, and `claim.json` once it is somebody's. */
export function slotFiles(home: Home, ownerNow: () => Promise<FilesOwner | null> = () => Promise.resolve(null)): SlotFiles {
  const dirOf = (slot: string) => {
    if (!slotName.test(slot)) throw new RangeError(`not a slot: ${slot}`)
    return join(home.paths.slots, slot)
  }
  const dataOf = (slot: string) => join(dirOf(slot), 'user-data')
  const claimOf = (slot: string) => join(dirOf(slot), claimFile)

  async function state(slot: string): Promise<SlotState> {
    const data = await kindOf(dataOf(slot))
    const claim = await readClaim(claimOf(slot))
    if (claim === 'none') return data === 'none' && (await kindOf(dirOf(slot))) === 'none' ? { kind: 'absent' } : { kind: 'spare' }
    // Empty, or half a claim: a claim is whole before anything is moved, so nothing was.
    if (claim === 'unreadable' || 'retired' in claim) return { kind: 'retired' }
    const { started, ...place } = claim
    return { kind: data === 'directory' ? 'undone' : 'home', place, started }
  }

  return {
    userDataOf: dataOf,
    state,
    async names() {
      return (await namesIn(home.paths.slots)).filter((name) => slotName.test(name))
    },
    tidy: () =>
      within(home.paths.users, 'put away what a probe left', async () => {
        for (const name of await namesIn(home.paths.users)) {
          if (!movedName.test(name)) continue
          const moved = join(home.paths.users, name)
          for (const file of await namesIn(moved)) if (wordName.test(file)) await rm(join(moved, file), { force: true })
          // What the slot was made with, and where something is mounted. Whoever is told of anything else looks at it.
          if (!(await removeHollow(moved))) await rmdir(moved)
        }
      }),
    async make(slot) {
      await within(dirOf(slot), 'make a slot', async () => {
        await mkdir(dirOf(slot), { mode: 0o700 })
        const [mode, owner] = await Promise.all([leafMode(home, dirOf(slot)), ownerNow()])
        await makeOpen(dataOf(slot), mode, owner)
        // Before its sandbox starts: what the engine makes to mount something upon would be nobody's to write to.
        await ensureLeaves(dataOf(slot), mode, owner)
      })
    },
    prove: (slot, read) => within(dirOf(slot), 'try whether a directory can be moved under a sandbox', () => proveMove(home, dataOf(slot), read)),
    // An empty claim is nobody's for ever, and ending a spare is no time to ask a full disk for room.
    retire: (slot) => within(dirOf(slot), 'retire a slot', () => makeEmptyOnly(claimOf(slot))),
    untouched: (slot, inner) => within(dirOf(slot), 'look into a slot', async () => untouched(dataOf(slot), inner)),
    claim: (slot, place, started, inner = []) =>
      claimFiles(home, { slot: dirOf(slot), data: dataOf(slot), claim: claimOf(slot) }, { place, started, inner, ownerNow }),
    async recover(slot) {
      const now = await state(slot)
      if (now.kind === 'undone')
        await within(dirOf(slot), 'bring back what a claim had moved', async () => moveAllBack(home, dataOf(slot), now.place, await ownerNow()))
      else if (now.kind === 'home') await within(dirOf(slot), 'finish a claim', async () => leaveLink(dataOf(slot), await userDataOf(home, now.place)))
      return now
    },
    drop: (slot) =>
      within(dirOf(slot), 'remove the directory of a slot', async () => {
        const now = await state(slot)
        if (now.kind === 'absent') return
        const data = await kindOf(dataOf(slot))
        if (data === 'other') await unlink(dataOf(slot))
        if (data === 'directory') await dropData(home, slot, dataOf(slot), now)
        await rm(claimOf(slot), { force: true })
        await sweepTemps(dirOf(slot))
        await rmdir(dirOf(slot))
      }),
  }
}

interface Paths {
  readonly slot: string
  readonly data: string
  readonly claim: string
}
/** `inner`: where something is mounted below its user-data. */
interface Claiming {
  readonly place: Place
  readonly started: string
  readonly inner: readonly string[]
  readonly ownerNow: () => Promise<FilesOwner | null>
}

function claimFiles(home: Home, { slot, data, claim }: Paths, { place, started, inner, ownerNow }: Claiming): ClaimFiles {
  let thread: string | null = null
  let seen: Sight | null = null
  let staged: string | null = null
  const text = JSON.stringify({ id: place.id, user: place.user, thread: place.thread, started })
  const at = async () => (thread ??= await userDataOf(home, place))
  const doing = "move a thread's directories under a waiting sandbox"
  return {
    look: () => within(slot, doing, async () => (seen = await look(home, data, await at(), inner))),
    stage: () =>
      within(slot, doing, async () => {
        staged = await writeTemp(claim, text, 0o600)
      }),
    clear: () =>
      within(slot, doing, async () => {
        if (staged !== null) rmSync(staged, { force: true })
      }),
    mark: () => within(slot, doing, () => (staged === null ? makeOnceOnly(claim, text) : linkOnce(staged, claim))),
    // Over the slot's own, which is empty.
    moveIn: (name) => within(slot, doing, async () => renameSync(join(await at(), name), join(data, name))),
    bringHome: (wanted) =>
      within(slot, doing, async () => {
        if (seen?.dataMode !== wanted) setMode(data, wanted)
        renameSync(data, await at())
      }),
    leaveLink: () => within(slot, doing, async () => leaveLink(data, await at())),
    leaves: () =>
      within(slot, doing, async () => {
        const userData = await at()
        const mode = seen?.leafMode ?? (await leafMode(home, dirname(userData)))
        if (mode === seen?.slotMode) return
        for (const leaf of leaves) if (seen?.children.includes(leaf) !== true) setMode(join(userData, leaf), mode)
      }),
    moveBack: () => within(slot, doing, async () => moveAllBack(home, data, place, await ownerNow())),
  }
}

/** `slotMode`: of what lies in the slot; `leafMode`: of what is made for this thread. */
interface Sight extends SlotSight {
  readonly leafMode: number
  readonly slotMode: number
  readonly dataMode: number
}

async function look(home: Home, data: string, thread: string, inner: readonly string[]): Promise<Sight> {
  const above = dirname(thread)
  await makeShelter(home, above)
  const [slot, shelter, there] = [lstatSync(data), lstatSync(above), orAbsent(() => lstatSync(thread))]
  const [mode, slotMode] = [await leafMode(home, above), await leafMode(home, dirname(data))]
  const children = there?.isDirectory() ? readdirSync(thread) : []
  return {
    slotEmpty: slot.isDirectory() && untouched(data, inner),
    covered: inner.map((path) => path.split('/')[0] ?? '').find((name) => children.includes(name)) ?? null,
    sameVolume: slot.dev === shelter.dev && (there === null || there.dev === slot.dev),
    thread: there === null ? 'absent' : there.isDirectory() ? 'directory' : 'other',
    sameOwner: there === null || (there.uid === slot.uid && there.gid === slot.gid),
    children,
    mode: there === null ? mode : there.mode & 0o7777,
    leafMode: mode,
    slotMode,
    dataMode: slot.mode & 0o7777,
  }
}

/** Nothing but empty directories: the agents' own, and those that lead to where something is mounted. */
function untouched(data: string, inner: readonly string[]): boolean {
  const expected = new Set([...leaves, ...inner].flatMap((path) => path.split('/').map((_, last, steps) => steps.slice(0, last + 1).join('/'))))
  const asExpected = (dir: string) => {
    const entries = orAbsent(() => readdirSync(join(data, dir), { withFileTypes: true }))
    return entries === null || entries.every((entry) => entry.isDirectory() && expected.has(dir === '' ? entry.name : `${dir}/${entry.name}`))
  }
  return ['', ...expected].every(asExpected)
}

/** Back to the thread, name by name; what has come there meanwhile is not overwritten. */
async function moveAllBack(home: Home, data: string, place: Place, owner: FilesOwner | null): Promise<void> {
  // What the slot was made with is no thread's.
  for (const leaf of leaves) await free(join(data, leaf))
  const names = await namesIn(data)
  if (names.length === 0) return
  const thread = await userDataOf(home, place)
  await makeShelter(home, dirname(thread))
  await makeOpen(thread, await leafMode(home, dirname(thread)), owner)
  const stayed: string[] = []
  for (const name of names) {
    if (await free(join(thread, name))) await rename(join(data, name), join(thread, name))
    else if (!(await removeHollow(join(data, name)))) stayed.push(name)
  }
  const [first] = stayed
  if (first === undefined) return
  throw fail('HOME_UNUSABLE', `${join(thread, first)} came into being while a claim had moved another away`, {
    next: `Look at both, keep what you want at ${thread}, and move the other away: ${join(data, first)}`,
    details: { stayed },
  })
}

/** An empty directory that a starting sandbox of the thread made is no obstacle: it makes way. */
async function free(path: string): Promise<boolean> {
  const there = await lstat(path).catch(absent)
  if (there === null) return true
  if (!there.isDirectory()) return false
  return rmdir(path).then(
    () => true,
    (error: unknown) => {
      if (errno(error) === 'ENOTEMPTY' || errno(error) === 'EEXIST') return false
      throw error
    },
  )
}

/** Removes directories that hold nothing but directories, such as lead to a mount; false: there is a file among them. */
async function removeHollow(path: string): Promise<boolean> {
  if (!(await lstat(path)).isDirectory()) return false
  for (const name of await readdir(path)) if (!(await removeHollow(join(path, name)))) return false
  return await free(path)
}

/** From where the container's bind was, to where the directory is now: for people, and for one that is restarted by hand. */
function leaveLink(data: string, thread: string): void {
  const target = relative(dirname(data), thread)
  try {
    symlinkSync(target, data, 'dir')
  } catch (error) {
    if (errno(error) !== 'EEXIST' || readlinkSync(data) !== target) throw error
  }
}

/** Moves a slot's directory to where threads live and back, under the eyes of its own sandbox. null: it followed. */
async function proveMove(home: Home, data: string, read: (name: string) => Promise<string>): Promise<string | null> {
  // No user has such a name, so no list shows it.
  const moved = join(home.paths.users, `.berth-moved-${randomBytes(6).toString('hex')}`)
  const word = randomBytes(12).toString('hex')
  const file = `.berth-${word.slice(0, 8)}`
  try {
    await moveAndSay({ made: data, moved, file, word, mode: 0o644 })
  } catch (error) {
    if (errno(error) === 'EXDEV') return 'slots and threads are not on one volume'
    throw error
  }
  try {
    const seen = await read(file).catch(() => null) // not to be found there: that is the answer
    return seen === word ? null : 'a running sandbox does not follow its directory when that is moved'
  } finally {
    await rm(join(moved, file), { force: true })
    await rename(moved, data)
  }
}

/** Nothing that may be a thread's is deleted: only what was in a slot that was never claimed, and it is moved out of here first. */
async function dropData(home: Home, slot: string, data: string, now: SlotState): Promise<void> {
  try {
    for (const leaf of leaves) await free(join(data, leaf))
    await rmdir(data)
  } catch (error) {
    if (now.kind !== 'retired' || (errno(error) !== 'ENOTEMPTY' && errno(error) !== 'EEXIST')) throw error
    const aside = join(home.paths.deleted, slot)
    await rename(data, aside)
    await removeTree(aside)
  }
}

function setMode(path: string, mode: number): void {
  if (process.platform === 'win32') return
  if ((statSync(path).mode & 0o7777) !== mode) chmodSync(path, mode)
}

async function readClaim(path: string): Promise<z.infer<typeof claimRecord> | 'none' | 'unreadable'> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errno(error) === 'ENOENT') return 'none'
    throw await diskError(error, path, 'read whose a sandbox is')
  }
  try {
    return claimRecord.parse(JSON.parse(text))
  } catch {
    return 'unreadable' // the caller says what that means
  }
}

async function kindOf(path: string): Promise<'none' | 'directory' | 'other'> {
  const facts = await lstat(path).catch(absent)
  return facts === null ? 'none' : facts.isDirectory() ? 'directory' : 'other'
}

function orAbsent<T>(look: () => T): T | null {
  try {
    return look()
  } catch (error) {
    return absent(error)
  }
}

function absent(error: unknown): null {
  if (errno(error) === 'ENOENT' || errno(error) === 'ENOTDIR') return null
  throw error
}

async function namesIn(path: string): Promise<string[]> {
  return readdir(path).catch((error: unknown) => absent(error) ?? [])
}

/** Temporary files of a writer that was killed. */
async function sweepTemps(dir: string): Promise<void> {
  for (const file of await namesIn(dir)) if (/^claim\.json\.[a-f0-9]{12}\.tmp$/.test(file)) await rm(join(dir, file), { force: true })
}

async function within<T>(path: string, doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw await diskError(error, path, doing)
  }
}
