import type { Progress } from '../../../../shared/sandbox.ts'
import type { Engine, TraitsReader } from '../docker-engine.ts'
import { imageFlights } from './shared-work.ts'
import { buildLite, isLite, type LiteFiles, liteName, type LiteRecipe, liteReference, readRecipe } from './lite-build.ts'
import { entrypointOf, imageKind, type ImageKind, present } from './image-kind.ts'
import { type AuthOptions, pullImage, tagged } from './pull.ts'
import { fail } from '../../../../shared/errors.ts'
import type { ImageShelf } from '../../backend.ts'

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

export function imageStore(options: { engine: Engine; traits: TraitsReader; files: LiteFiles; version: string; auth: AuthOptions }): ImageStore {
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

/** Images that are ours, or that sandboxes are made of: the engine may have many more, which are nobody's business here. */
export function imageShelf(engine: Engine, store: Pick<ImageStore, 'reference' | 'cancel'>): ImageShelf {
  const listed = () => engine.call('list the images', 15_000, (abortSignal) => engine.docker.listImages({ abortSignal } as object), { idempotent: true })
  return {
    async list(used) {
      // As the engine writes them.
      const wanted = new Set(await Promise.all(used.map(async (image) => tagged(await store.reference(image)))))
      const rows = await listed()
      return rows.flatMap((row) => {
        const names = [...(row.RepoTags ?? []), ...(row.RepoDigests ?? [])].filter((name) => wanted.has(name) || name.startsWith(`${liteName}:`))
        return names.length === 0 && !wanted.has(row.Id) ? [] : [{ id: row.Id, names, bytes: row.Size, createdAt: row.Created * 1000 }]
      })
    },
    async idOf(image) {
      const name = await store.reference(image)
      return await engine.call<string | null>('look at an image', 10_000, async () => (await engine.docker.getImage(name).inspect()).Id, {
        idempotent: true,
        answers: { 404: () => null },
      })
    },
    async remove(id, names) {
      // Asked first: with a second name left the engine would take the first one off without a word.
      const users = await engine.call('look who uses an image', 15_000, () => engine.docker.listContainers({ all: true, filters: { ancestor: [id] } }), {
        idempotent: true,
      })
      const user = users.find(({ ImageID }) => ImageID === id)
      if (user) throw inUse(names[0] ?? id, `the container ${user.Names[0]?.slice(1) ?? user.Id} is made of it`)
      for (const name of names.length > 0 ? names : [id]) {
        await engine.call('remove an image', 60_000, () => engine.docker.getImage(name).remove(), {
          answers: {
            404: () => undefined,
            409: ({ text }) => {
              throw inUse(name, text)
            },
          },
        })
      }
    },
    cancel: store.cancel,
  }
}

function inUse(name: string, why: string): Error {
  return fail('THREAD_IN_USE', `The image ${name} is in use: ${why}`, { next: 'Destroy the sandboxes made of it first.' })
}
