import { setTimeout as sleep } from 'node:timers/promises'
import type { BridgeClient } from '../../main/doors/client/client.ts'
import { asBerthError } from '../../shared/errors.ts'
import type { Seeded } from '../support/seeded.ts'
import type { Ledger, Written } from './ledger.ts'
import type { ChaosBackend } from './phases.ts'
import { holders, takenThread, threads } from './world.ts'

export interface TrafficOptions {
  readonly client: BridgeClient
  readonly ledger: Ledger
  readonly random: Seeded
  readonly backend: ChaosBackend
  /** In the tick of each acknowledged answer. */
  readonly answered: (to: string) => void
  readonly violation: (text: string) => void
  /** True once the host is killed: from then on calls may fail. */
  readonly over: () => boolean
  /** Stands in the name of every daemon that is started in a sandbox. */
  readonly mark: string
}

/** Where an answer of the engine may be an error though nothing is wrong. */
const afterDestroy = new Set(['SANDBOX_LOST', 'SANDBOX_NOT_FOUND', 'CANCELLED'])

/**
 * Agents at work until the host is killed: for each holder some clients, each with threads of its own for that holder, so
 * that what one hold should be is known; and one that uses anonymous sandboxes. Resolves when all have noticed the end.
 */
export async function runTraffic(options: TrafficOptions): Promise<void> {
  const clients = holders.flatMap((holder) =>
    [0, 1, 2].map((part) =>
      threadClient(
        options,
        holder,
        threads.filter((_, at) => at % 3 === part),
        options.random.fork(`${holder}${part}`),
      ),
    ),
  )
  await Promise.all([...clients, strayClient(options, options.random.fork('stray'))])
}

async function threadClient(options: TrafficOptions, holder: string, own: readonly string[], random: Seeded): Promise<void> {
  const { client, ledger, over, violation } = options
  const pen = makePen(options, holder)
  while (!over()) {
    const thread = random.pick(own)
    const hold = ledger.hold(thread, holder)
    const dice = random.next()
    const began = ledger.now()
    let doing = ''
    try {
      if (random.chance(0.06)) {
        doing = 'destroy'
        const order = ledger.destroying(thread)
        try {
          await client.call('destroy', { thread })
          ledger.destroyed(thread, order)
        } catch (error) {
          if (!over()) ledger.destroyed(thread, -1)
          throw error
        }
        options.answered('destroy')
      } else if (hold.state !== 'held' || dice < 0.05) {
        doing = 'acquire'
        const before = hold.state === 'held' ? hold.container : null
        ledger.acquiring(thread, holder)
        const got = await client.call('acquire', { thread, holder })
        ledger.acquired(thread, holder, got)
        options.answered('acquire')
        const same = before === null || before === got.container || ledger.disturbed(thread, began)
        if (!same) violation(`${thread}: held by ${holder}, yet its container changed from ${short(before)} to ${short(got.container)}`)
      } else if (dice < 0.4) {
        doing = 'release'
        ledger.releasing(thread, holder)
        await client.call('release', { thread, holder })
        ledger.released(thread, holder)
        options.answered('release')
      } else {
        doing = 'write'
        await pen({ thread }, ledger.threads.get(thread)?.files ?? new Map<string, Written>(), random)
        options.answered('write')
      }
    } catch (thrown) {
      if (over()) return
      const error = asBerthError(thrown)
      if (doing !== 'destroy') ledger.doubted(thread, holder)
      const explained = afterDestroy.has(error.code) && ledger.disturbed(thread, began)
      if (!explained) violation(`${doing} of ${thread} by ${holder} failed: ${error.code} ${error.message}`)
    }
    await sleep(random.int(0, 40))
  }
}

/** Anonymous sandboxes, and now and then a thread whose name on the engine is a stranger's. */
async function strayClient(options: TrafficOptions, random: Seeded): Promise<void> {
  const { client, ledger, over, violation } = options
  const holder = 'nobody'
  const pen = makePen(options, holder)
  while (!over()) {
    const stray = random.chance(0.7) ? [...ledger.strays.values()].find((it) => !it.releasing) : undefined
    try {
      if (options.backend === 'docker' && random.chance(0.25)) {
        await mustBeTaken(client, violation)
      } else if (!stray) {
        const { id, container } = await client.call('acquire', { holder })
        ledger.strays.set(id, { id, holder, container, since: performance.now(), files: new Map(), releasing: false })
        options.answered('acquire')
      } else if (random.chance(0.35)) {
        stray.releasing = true
        await client.call('release', { id: stray.id, holder })
        ledger.strays.delete(stray.id)
        options.answered('release')
      } else {
        await pen({ id: stray.id }, stray.files, random)
        options.answered('write')
      }
    } catch (thrown) {
      if (over()) return
      const error = asBerthError(thrown)
      violation(`an anonymous sandbox${stray ? ` ${stray.id}` : ''} failed: ${error.code} ${error.message}`)
      if (stray) ledger.strays.delete(stray.id)
    }
    await sleep(random.int(0, 40))
  }
}

async function mustBeTaken(client: BridgeClient, violation: (text: string) => void): Promise<void> {
  try {
    const got = await client.call('acquire', { thread: takenThread, holder: 'left' })
    violation(`a stranger's container was handed out: ${got.name} ${short(got.container)}`)
  } catch (error) {
    if (asBerthError(error).code !== 'NAME_TAKEN') throw error
  }
}

/** Writes through exec (a line added), through `write` (a line added) and through `write` (the whole replaced). */
function makePen({ client, mark, backend }: TrafficOptions, who: string) {
  let count = 0
  const recordOf = (files: Map<string, Written>, name: string, whole: boolean): Written => {
    const path = `/mnt/user-data/workspace/${name}`
    const record = files.get(path) ?? {
      path,
      acked: new Set<string>(),
      sent: new Set<string>(),
      whole: whole ? { acked: null, later: new Set<string>() } : null,
    }
    files.set(path, record)
    return record
  }
  return async (where: { thread: string } | { id: string }, files: Map<string, Written>, random: Seeded): Promise<void> => {
    const way = random.next()
    const word = `${mark}.${who}.${'thread' in where ? where.thread : where.id}.${++count}`
    if (way < 0.3) {
      const record = recordOf(files, `${who}.whole`, true)
      record.whole?.later.add(word)
      await client.call('write', { ...where, path: record.path, content: word })
      record.whole = { acked: word, later: new Set() }
      return
    }
    const record = recordOf(files, `${who}.lines`, false)
    record.sent.add(word)
    if (way < 0.6) {
      await client.call('write', { ...where, path: record.path, content: `${word}\n`, append: true })
    } else {
      // A daemon beside it: what a killed engine must not leave where sandboxes end with it.
      const daemon = backend === 'embedded' && way > 0.9 ? `(setsid bash -c 'exec -a ${mark} sleep 900' > /dev/null 2>&1 &); ` : ''
      const { exit_code: code, stderr } = await client.call('exec', { ...where, command: `${daemon}echo ${word} >> ${record.path}` })
      if (code !== 0) throw new Error(`the command that writes ended with ${code}: ${stderr}`)
    }
    record.acked.add(word)
  }
}

export const short = (ref: string | null | undefined): string => (ref ? ref.slice(0, 12) : 'none')
