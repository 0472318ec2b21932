import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { localBase } from '../../backends/docker/image/base.ts'
import { debootstrapPlan } from '../../backends/docker/image/debootstrap.ts'
import { isLite, liteFiles } from '../../backends/docker/image/lite-recipe.ts'
import { packagesOf } from '../../backends/docker/image/lite-build.ts'
import { present } from '../../backends/docker/image/present.ts'
import { asBerthError } from '../../../shared/errors.ts'
import { imagesOf } from '../docker-place.ts'
import type { DoctorCheck } from '../doctor-check.ts'
import type { EngineSight } from '../engine-sight.ts'
import { bad, ok, skip, warn, type Finding } from '../finding.ts'
import type { Surroundings } from '../surroundings.ts'

type Answering = EngineSight & { readonly answers: true }

/** What berth-lite can be built on here; each a reason why not, or null. `local`: a base that is there already. */
export interface Bases { readonly local: string | null; readonly network: string | null; readonly debootstrap: string | null }

export const imageCheck: DoctorCheck = {
  name: 'image',
  run: async (see, signal) => {
    const [{ config }, sight] = await Promise.all([see.config(), see.engine()])
    if (config.backend === 'embedded') return skip('Sandboxes of the embedded backend are not made of an image.')
    if (!sight.answers) return skip(`Whether ${config.image} is there is not known: no container engine answers.`)
    const images = imagesOf(sight, see)
    try {
      if (!isLite(config.image)) {
        const there = await images.prepared(config.image)
        return judgeForeign(config.image, there, there ? null : await pullable(sight, config.image, signal))
      }
      const lite = await images.lite()
      return judgeLite(lite, lite.present ? null : await basesOf(sight, see, signal))
    } finally {
      await images.close()
    }
  },
}

export function judgeForeign(image: string, there: boolean, unreachable: string | null): Finding {
  if (there) return ok(`${image} is on the engine.`)
  if (unreachable === null) return warn(`${image} is not on the engine; the first start pulls it.`, `docker pull ${image}`)
  return bad(`${image} is not on the engine and cannot be pulled: ${unreachable}.`, `docker login   if it is private; \`docker pull ${image}\` must work; or set \`image: berth-lite\`, which is built here`)
}

export function judgeLite(lite: { reference: string; present: boolean; outdated: boolean }, bases: Bases | null): Finding {
  if (lite.present || bases === null) return ok(`${lite.reference} is on the engine.`)
  const state = lite.outdated ? 'berth-lite is of another version of Berth' : 'berth-lite is not built yet'
  const way =
    bases.local !== null ? `on ${bases.local}, which is there` : bases.network === null ? 'on a public base, which can be pulled' : bases.debootstrap === null ? 'on a base that debootstrap makes' : null
  if (way !== null) return warn(`${state}; the next start builds it ${way}, which takes a minute or two.`, 'berth serve   (builds it in the background)')
  return bad(
    `${state} and cannot be built here: no base can be pulled (${bases.network ?? ''}), and none can be made (${bases.debootstrap ?? ''}).`,
    'With a network: docker pull debian:bookworm-slim   Without: docker save berth-lite | ssh THIS-MACHINE docker load   on a machine that has it, or as root on Debian: apt-get install debootstrap',
  )
}

async function basesOf(sight: Answering, see: Surroundings, signal: AbortSignal): Promise<Bases> {
  const needsNode = liteFiles(see.resources).nodes[sight.traits.arch] === undefined
  const base = needsNode ? 'node:24-bookworm-slim' : 'debian:bookworm-slim'
  const [made, there, plan] = await Promise.all([needsNode ? null : madeBefore(sight, see), present(sight.engine, base), debootstrapPlan()])
  const local = made ?? (there ? base : null)
  return {
    local,
    network: local === null ? await pullable(sight, base, signal) : null,
    debootstrap: needsNode ? 'there is no Linux Node for it' : typeof plan === 'string' ? plan : null,
  }
}

async function madeBefore({ engine }: Answering, see: Surroundings): Promise<string | null> {
  return localBase(engine, packagesOf(await readFile(join(see.resources.liteDir, 'setup.sh'), 'utf8')))
}

/** Null: the engine itself, through its own network and proxies, finds the image where it would pull it from. */
async function pullable({ engine }: Answering, image: string, signal: AbortSignal): Promise<string | null> {
  try {
    await engine.call('look for an image where it is pulled from', 2_500, () => engine.docker.getImage(image).distribution(), { signal })
    return null
  } catch (thrown) {
    return asBerthError(thrown).message.replace(/\.$/, '').slice(0, 300)
  }
}
