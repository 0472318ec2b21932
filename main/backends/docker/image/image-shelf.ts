import { fail } from '../../../../shared/errors.ts'
import type { ImageShelf } from '../../backend.ts'
import type { Engine } from '../engine.ts'
import type { ImageStore } from './image-store.ts'
import { liteName } from './lite-recipe.ts'
import { tagged } from './pull.ts'

/** Images that are ours, or that sandboxes are made of: the engine may have many more, which are nobody's business here. */
export function imageShelf(engine: Engine, store: Pick<ImageStore, 'reference' | 'cancel'>): ImageShelf {
  const listed = () =>
    engine.call('list the images', 15_000, (abortSignal) => engine.docker.listImages({ abortSignal } as object), { idempotent: true })
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
      return await engine.call<string | null>('look at an image', 10_000, async () => (await engine.docker.getImage(name).inspect()).Id, { idempotent: true, answers: { 404: () => null } })
    },
    async remove(id, names) {
      // Asked first: with a second name left the engine would take the first one off without a word.
      const users = await engine.call('look who uses an image', 15_000, () => engine.docker.listContainers({ all: true, filters: { ancestor: [id] } }), { idempotent: true })
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
