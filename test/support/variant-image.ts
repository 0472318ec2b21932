import { randomBytes } from 'node:crypto'
import Docker from 'dockerode'
import { openDocker } from '../../main/backends/docker/docker-backend.ts'
import { liteFiles } from '../../main/backends/docker/image/lite-build.ts'
import { systemClock } from '../../main/base/clock.ts'
import { resources } from '../../main/base/resources.ts'
import { tempDir } from './temp-dir.ts'

export interface VariantImage {
  readonly name: string
  remove(): Promise<void>
}

/** The lite image with another program in front: `script` is bash, and gets the command that starts the server. */
export async function variantImage(script: (server: string) => string): Promise<VariantImage> {
  const docker = new Docker()
  const base = await liteReference()
  const { Config } = await docker.getImage(base).inspect()
  const server = [Config.Entrypoint ?? []].flat().join(' ')
  const tag = randomBytes(6).toString('hex')
  const container = await docker.createContainer({ Image: base })
  try {
    await container.commit({ repo: 'berthtest-variant', tag, changes: `ENTRYPOINT ${JSON.stringify(['/bin/bash', '-c', script(server)])}` })
  } finally {
    await container.remove({ force: true })
  }
  const name = `berthtest-variant:${tag}`
  return { name, remove: async () => void (await docker.getImage(name).remove({ force: true })) }
}

/** The engine's name of the lite image that these sources make; built if it is not there. */
export async function liteReference(): Promise<string> {
  const home = await tempDir('variant')
  const backend = await openDocker({
    owner: { installation: 'variant', home: home.path },
    version: '0.0.0-test',
    clock: systemClock(),
    env: process.env,
    files: liteFiles(resources()),
  })
  try {
    await backend.prepare('berth-lite', () => undefined, new AbortController().signal)
    return await backend.store.reference('berth-lite')
  } finally {
    await backend.close()
    await home.remove()
  }
}
