import { readFile } from 'node:fs/promises'
import type { DoctorCheck } from '../doctor-check.ts'
import { ok, skip, warn, type Finding } from '../finding.ts'
import { homePaths } from '../../home/paths.ts'
import { installation } from '../../home/installation.ts'

/** A container that carries Berth's labels, and what is at the home that it names. */
export interface Labelled {
  readonly name: string
  readonly installation: string
  readonly home: string
  /** Whose home lies there now: an installation's id; null: none. */
  readonly there: string | null
}

export const leftoversCheck: DoctorCheck = {
  name: 'leftovers',
  run: async (see) => {
    const [sight, home] = await Promise.all([see.engine(), see.home()])
    if (!sight.answers) return skip('No container engine answers.')
    const { engine } = sight
    const rows = await engine.call('list containers', 4_000, (abortSignal) =>
      engine.docker.listContainers({ all: true, filters: { label: ['berth.installation'] }, abortSignal }))
    const homes = new Map<string, Promise<string | null>>()
    const at = (dir: string) => {
      const known = homes.get(dir) ?? installationAt(dir)
      homes.set(dir, known)
      return known
    }
    const found = await Promise.all(rows.map(async (row): Promise<Labelled> => {
      const dir = row.Labels['berth.home'] ?? ''
      return { name: (row.Names[0] ?? row.Id).replace(/^\//, ''), installation: row.Labels['berth.installation'] ?? '', home: dir, there: await at(dir) }
    }))
    return judgeLeftovers(found, { installation: home.installation, home: home.path })
  },
}

/** Containers that no Berth will ever look after again. Nothing is removed: a home may be on a disk that is away. */
export function judgeLeftovers(found: readonly Labelled[], me: { installation: string | null; home: string | null }): Finding {
  const mine = found.filter((it) => it.installation === me.installation && it.home === me.home)
  const own = found.filter((it) => it.installation === me.installation && it.home !== me.home)
  const lost = own.filter((it) => it.there !== me.installation)
  const elsewhere = own.length - lost.length
  const foreign = found.filter((it) => it.installation !== me.installation)
  const orphans = foreign.filter((it) => it.there === null).length
  const text = [
    `${count(mine.length)} of this home.`,
    elsewhere > 0 ? `${count(elsewhere)} of a copy of it.` : '',
    foreign.length > 0 ? `${count(foreign.length)} of other installations${orphans > 0 ? `, ${orphans} of them without a home that can be seen from here` : ''}.` : '',
  ].filter((part) => part !== '').join(' ')
  if (lost.length === 0) return ok(text)
  const where = [...new Set(lost.map((it) => it.home))].join(', ')
  return warn(`${text} ${count(lost.length)} of this installation under a home that is gone (${where}): it was moved or deleted.`, `docker rm -f ${lost.map((it) => it.name).join(' ')}`)
}

function count(many: number): string {
  return `${many} ${many === 1 ? 'container' : 'containers'}`
}

async function installationAt(dir: string): Promise<string | null> {
  const path = homePaths(dir).installation
  try {
    return installation.parse(JSON.parse(await readFile(path, 'utf8'))).id
  } catch {
    // No home there, one of another user, or none that this machine sees: for us there is nobody.
    return null
  }
}
