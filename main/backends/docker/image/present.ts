import type { Engine } from '../engine.ts'

/** Whether the engine has this image. */
export async function present(engine: Engine, reference: string): Promise<boolean> {
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
