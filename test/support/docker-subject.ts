import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { openDocker, type DockerBackend, type DockerOptions } from '../../main/backends/docker/docker-backend.ts'
import { liteFiles } from '../../main/backends/docker/image/lite-build.ts'
import { systemClock } from '../../main/base/clock.ts'
import { resources } from '../../main/base/resources.ts'
import type { BackendSubject } from './backend-subject.ts'
import { newSpec } from './backend-subject.ts'
import { printInLog } from './container-log.ts'
import { httpTalk } from './sandbox-talk.ts'
import { removeContainersOf } from './leftover-containers.ts'
import { tempDir } from './temp-dir.ts'

export const dockerImage = 'berth-lite'

export interface DockerSubject extends BackendSubject {
  readonly backend: DockerBackend
  readonly docker: Docker
  readonly home: string
  readonly installation: string
  open(overrides: Partial<DockerOptions>): Promise<DockerBackend>
}

/** A docker backend with an installation and a home of its own, on the engine that everybody shares. */
export async function dockerSubject(overrides: Partial<DockerOptions> = {}): Promise<DockerSubject> {
  const home = await tempDir('docker')
  const version = '0.0.0-test'
  const installation = randomBytes(8).toString('hex')
  const owner = { installation, home: home.path }
  const installations = [installation]
  const docker = new Docker()
  const talk = httpTalk()
  const opened: DockerBackend[] = []
  const open = async (more: Partial<DockerOptions>) => {
    const backend = await openDocker({
      owner,
      version,
      clock: systemClock(),
      env: process.env,
      files: liteFiles(resources()),
      ...overrides,
      ...more,
    })
    opened.push(backend)
    return backend
  }
  const backend = await open({})
  return {
    backend,
    docker,
    home: home.path,
    installation,
    image: dockerImage,
    version,
    talk,
    open,
    spec: (more) => newSpec('berthtest-docker', dockerImage, more),
    async neighbour(differs) {
      if (differs === 'home') return open({ owner: { ...owner, home: await mkdtemp(join(home.path, 'neighbour-')) } })
      const other = randomBytes(8).toString('hex')
      installations.push(other)
      return open({ owner: { ...owner, installation: other } })
    },
    killOutside: async (found) => void (await docker.getContainer(found.ref).kill({ signal: 'SIGKILL' })),
    say: (found, _key, text) => printInLog(found.ref, `echo '${text}'`),
    async cleanup() {
      await Promise.all(opened.map((one) => one.close()))
      for (const one of installations) await removeContainersOf(docker, { installation: one })
      await home.remove()
    },
  }
}
