import { fail } from '../../../../shared/errors.ts'
import type { ImageShelf } from '../../backend.ts'
import type { Engine } from '../engine.ts'
import type { ImageStore } from './image-store.ts'
import { liteName } from './lite-recipe.ts'

/** Images that are ours, or that sandboxes are made of: the engine may have many more, which are nobody's business here. */
export function imageShelf(engine: Engine, store: Pick<ImageStore, 'reference' | 'cancel'>): ImageShelf {
  const listed = () =>
    engine.call('list the images', 15_000, (abortSignal) => engine.docker.listImages({ abortSignal } as object), { idempotent: true })
  return {
    async list(used) {
      const wanted = new Set(await Promise.all(used.map((image) => store.reference(image))))
      const rows = await listed()
      const ours = rows.filter(({ RepoTags }) => (RepoTags ?? []).some((tag) => wanted.has(tag) || tag.startsWith(`${liteName}:`)))
      return ours.map((row) => ({ id: row.Id, names: (row.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'), bytes: row.Size, createdAt: row.Created * 1000 }))
    },
    async idOf(image) {
      const name = await store.reference(image)
      return await engine.call<string | null>('look at an image', 10_000, async () => (await engine.docker.getImage(name).inspect()).Id, { idempotent: true, answers: { 404: () => null } })
    },
    async remove(id) {
      const row = (await listed()).find(({ Id }) => Id === id)
      if (!row) throw missing(id)
      // By its names: by its id the engine refuses one that has several.
      const names = (row.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>')
      for (const name of names.length > 0 ? names : [id]) {
        await engine.call('remove an image', 60_000, () => engine.docker.getImage(name).remove(), {
          answers: {
            404: () => undefined,
            409: ({ text }) => {
              throw fail('THREAD_IN_USE', `The image ${name} is in use: ${text}`, { next: 'Destroy the sandboxes made of it first.' })
            },
          },
        })
      }
    },
    cancel: store.cancel,
  }
}

function missing(id: string): Error {
  return fail('IMAGE_MISSING', `There is no image ${id.slice(0, 19)} any more`, { next: 'Look at the list again.' })
}
