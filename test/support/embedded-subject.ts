import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { systemClock } from '../../main/base/clock.ts'
import type { EmbeddedBackend, EmbeddedOptions } from '../../main/backends/embedded/embedded.ts'
import { openEmbedded } from '../../main/backends/embedded/embedded.ts'
import { signal } from '../../main/backends/embedded/processes.ts'
import type { BackendSubject } from './backend-subject.ts'
import { newSpec } from './backend-subject.ts'
import { httpTalk } from './sandbox-talk.ts'
import { tempDir } from './temp-dir.ts'

export const embeddedImage = 'berth-lite'
const repository = join(import.meta.dirname, '..', '..')
export const talkativeServer = join(import.meta.dirname, 'talkative-server.ts')
export const liteServer = join(repository, 'main', 'sandbox-server', 'entry.ts')

export interface EmbeddedSubject extends BackendSubject {
  readonly backend: EmbeddedBackend
  readonly home: string
}

/** An embedded backend with a home of its own, under the contract suite or under the isolation tests. */
export async function embeddedSubject(overrides: Partial<EmbeddedOptions> = {}): Promise<EmbeddedSubject> {
  const home = await tempDir('embedded')
  const version = '0.0.0-test'
  const owner = { installation: randomBytes(8).toString('hex'), home: home.path }
  const talk = httpTalk()
  const opened: EmbeddedBackend[] = []
  const open = async (name: string, own: EmbeddedOptions['owner']) => {
    const backend = await openEmbedded({
      owner: own,
      version,
      clock: systemClock(),
      env: process.env,
      isolation: 'bubblewrap',
      node: process.execPath,
      server: talkativeServer,
      runDir: join(home.path, name),
      ...overrides,
    })
    opened.push(backend)
    return backend
  }
  const backend = await open('run', owner).catch(async (error: unknown) => {
    await home.remove()
    throw error
  })
  return {
    backend,
    home: home.path,
    image: embeddedImage,
    version,
    talk,
    spec: (more) => newSpec('berthtest', embeddedImage, more),
    neighbour: (differs) => open(`run-${differs}`, { ...owner, [differs]: differs === 'home' ? `${home.path}-other` : randomBytes(8).toString('hex') }),
    // The reference begins with the pid of bubblewrap.
    killOutside: async (found) => void signal(Number.parseInt(found.ref, 10), 'SIGKILL'),
    say: async (found, key, text) => void (await talk.exec(found, key, `printf %s '${text}' > ~/.say && mv ~/.say ~/.berth-say`)),
    cleanup: async () => {
      await Promise.all(opened.map((one) => one.close()))
      await home.remove()
    },
  }
}
