import type { Owner } from '../backends/backend.ts'
import { isLite, liteFiles } from '../backends/docker/image/lite-build.ts'
import { imageStore, type ImageStore } from '../backends/docker/image/image-store.ts'
import { homedir } from 'node:os'
import { version } from '../base/version.ts'
import type { EngineSight } from './engine-sight.ts'
import type { Surroundings } from './surroundings.ts'

type Answering = EngineSight & { readonly answers: true }

/** The images of an engine that answers, looked at as the backend looks at them. The caller closes it. */
export function imagesOf({ engine, traits }: Answering, see: Surroundings): ImageStore {
  const fixed = { read: () => Promise.resolve(traits), forget: () => undefined }
  return imageStore({ engine, traits: fixed, files: liteFiles(see.resources), version, auth: { env: see.env, userHome: homedir() } })
}

/** What a probe container needs; a string says why none can run. */
export interface ProbeGround {
  readonly sight: Answering
  readonly owner: Owner
  readonly homeUser: { readonly uid: number; readonly gid: number }
  readonly home: string
  /** The home as the engine names it. */
  readonly hostHome: string
  readonly image: string
}

export async function probeGround(see: Surroundings): Promise<ProbeGround | string> {
  const [sight, home, { config, loaded }] = await Promise.all([see.engine(), see.home(), see.config()])
  if (!sight.answers) return 'no container engine answers'
  if (home.path === null || home.facts === null) return 'there is no home yet'
  if (home.installation === null) return 'the home has not been used yet'
  const image = await usableImage(sight, see, config.image)
  if (image === null) return `no image is there to run a probe with`
  return {
    sight,
    owner: { installation: home.installation, home: home.path },
    homeUser: { uid: home.facts.uid, gid: home.facts.gid },
    home: home.path,
    hostHome: loaded?.overrides.hostBaseDir ?? home.path,
    image,
  }
}

/** The configured image, or an older build of our own: any that has a shell. */
async function usableImage(sight: Answering, see: Surroundings, image: string): Promise<string | null> {
  const images = imagesOf(sight, see)
  try {
    if (!isLite(image)) return (await images.prepared(image)) ? image : null
    const lite = await images.lite()
    return lite.present ? lite.reference : lite.outdated ? `${image}:latest` : null
  } finally {
    await images.close()
  }
}
