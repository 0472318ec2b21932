import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { openRemote, type RemoteBackend, type RemoteOptions } from '../../main/backends/remote/remote-backend.ts'
import { systemClock } from '../../main/base/clock.ts'
import type { BackendSubject } from './backend-subject.ts'
import { newSpec } from './backend-subject.ts'
import { httpTalk } from './sandbox-talk.ts'
import { tempDir } from './temp-dir.ts'

export interface RemoteSubject extends BackendSubject {
  readonly backend: RemoteBackend
  readonly home: string
  readonly owner: RemoteOptions['owner']
  readonly logged: string[]
  /** Another one; same owner and directory unless told otherwise. */
  open(overrides?: Partial<RemoteOptions>): Promise<RemoteBackend>
}

/** A remote backend with a home of its own; `far` is what it talks to, closed by `cleanup`. */
export async function remoteSubject(far: {
  url: string
  apiKey?: string
  kill: BackendSubject['killOutside']
  close: () => Promise<void>
}): Promise<RemoteSubject> {
  const home = await tempDir('remote')
  const version = '0.0.0-test'
  const owner = { installation: randomBytes(8).toString('hex'), home: home.path }
  const opened: RemoteBackend[] = []
  const logged: string[] = []
  const open = async (overrides: Partial<RemoteOptions> = {}) => {
    const backend = await openRemote({
      owner,
      version,
      clock: systemClock(),
      url: far.url,
      apiKey: far.apiKey ?? null,
      dir: join(home.path, 'remote'),
      isSelf: () => false,
      log: (_level, text) => void logged.push(text),
      ...overrides,
    })
    opened.push(backend)
    return backend
  }
  return {
    backend: await open(),
    home: home.path,
    owner,
    logged,
    open,
    image: 'not-ours-to-choose',
    version,
    talk: httpTalk(),
    spec: (more) => newSpec('berthtest-remote', 'not-ours-to-choose', more),
    neighbour: (differs) =>
      open({
        dir: join(home.path, `remote-${differs}`),
        owner: { ...owner, [differs]: differs === 'home' ? `${home.path}-other` : randomBytes(8).toString('hex') },
      }),
    killOutside: far.kill,
    say: () => Promise.reject(new Error('a remote sandbox has no log to be read here')),
    async cleanup() {
      await Promise.all(opened.map((one) => one.close()))
      await far.close()
      await home.remove()
    },
  }
}
