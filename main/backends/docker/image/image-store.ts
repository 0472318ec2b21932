import type { Progress } from '../../../../shared/sandbox.ts'
import type { Engine } from '../engine.ts'
import type { TraitsReader } from '../engine-traits.ts'
import { imageFlights } from './flights.ts'
import { buildLite, liteReference } from './lite-build.ts'
import { isLite, liteName, readRecipe, type LiteFiles, type LiteRecipe } from './lite-recipe.ts'
import { entrypointOf, imageKind, type ImageKind } from './image-kind.ts'
import { present } from './present.ts'
import { pullImage } from './pull.ts'
import type { AuthOptions } from './registry-auth.ts'

export interface ImageStore {
  /** The name under which the engine has it; for `berth-lite` the build of exactly these files. */
  reference(image: string): Promise<string>
  /** What kind of image it is; of `berth-lite` known without asking. */
  kind(image: string): Promise<ImageKind>
  prepared(image: string): Promise<boolean>
  prepare(image: string, report: (progress: Progress) => void, signal: AbortSignal): Promise<void>
  /** For `doctor` and scripts. `outdated`: there is a build, but of other files. */
  lite(): Promise<{ reference: string; present: boolean; outdated: boolean }>
  /** Gives a preparation up, for all who wait for it. */
  cancel(image: string): void
  close(): Promise<void>
}

export function imageStore(options: {
  engine: Engine
  traits: TraitsReader
  files: LiteFiles
  version: string
  auth: AuthOptions
}): ImageStore {
  const { engine, traits, files, auth } = options
  const flights = imageFlights()
  const recipes = new Map<string, Promise<LiteRecipe>>()

  async function recipe(): Promise<LiteRecipe> {
    const { arch } = await traits.read()
    const known = recipes.get(arch)
    if (known) return known
    const reading = readRecipe(files, arch)
    recipes.set(arch, reading)
    // Missing files may be built meanwhile: a failure is not kept.
    reading.catch(() => recipes.delete(arch))
    return reading
  }

  const reference = async (image: string) => (isLite(image) ? liteReference(await recipe()) : image)
  const prepared = async (image: string) => present(engine, await reference(image))

  return {
    reference,
    async kind(image) {
      const start = entrypointOf((await recipe()).dockerfile)
      return isLite(image) ? { lite: true, start, environment: {} } : await imageKind(engine, image, start)
    },
    prepared,
    async prepare(image, report, signal) {
      if (await prepared(image)) return
      await flights.join(
        image,
        async (share, ended) => {
          if (!isLite(image)) return pullImage(engine, image, auth, share, ended)
          await buildLite({ engine, recipe: await recipe(), version: options.version, auth, env: auth.env }, share, ended)
        },
        report,
        signal,
      )
    },
    async lite() {
      const name = liteReference(await recipe())
      const there = await present(engine, name)
      return { reference: name, present: there, outdated: !there && (await present(engine, `${liteName}:latest`)) }
    },
    cancel: (image) => flights.cancel(image),
    close: flights.close,
  }
}
