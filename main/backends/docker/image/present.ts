import type { Engine } from '../engine.ts'

/** It becomes part of a request's path, so what can be no image is not asked for. */
const possible = /^[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9._:/@-]*$/

/** Whether the engine has this image. */
export async function present(engine: Engine, reference: string): Promise<boolean> {
  if (!possible.test(reference)) return false
  return engine.call<boolean>(
    'look at an image',
    10_000,
    async () => {
      await engine.docker.getImage(reference).inspect()
      return true
    },
    // 400: a name that can be none.
    { idempotent: true, answers: { 400: () => false, 404: () => false } },
  )
}
