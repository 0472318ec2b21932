import { fail } from '../../../shared/errors.ts'
import type { Engine } from './engine.ts'
import type { Refusal } from './errors.ts'

/** Gives a container another name; one that has it already is fine, as an answer may have been lost. */
export async function renameContainer(engine: Engine, ref: string, name: string): Promise<void> {
  const container = engine.docker.getContainer(ref)
  const done = await engine.call<boolean>(
    'rename a sandbox',
    15_000,
    async (abortSignal) => {
      await container.rename({ name, abortSignal })
      return true
    },
    { answers: { 400: () => false, 404: gone, 409: () => false, 500: gone } },
  )
  if (done) return
  const info = await engine.call('look at a sandbox', 10_000, (abortSignal) => container.inspect({ abortSignal }), { idempotent: true, answers: { 404: gone } })
  if (info.Name !== `/${name}`) {
    throw fail('NAME_TAKEN', `The container name ${name} is taken`, {
      next: `See whose it is: \`docker inspect ${name}\`. Remove that container, or set another \`container_prefix\`.`,
      details: { name },
    })
  }
}

function gone({ status, text }: Refusal): never {
  if (status === 404 || /no such container|marked for removal/i.test(text)) {
    throw fail('SANDBOX_LOST', 'The sandbox cannot be renamed: it is gone', { next: 'Acquire again; the files of the thread are still there.' })
  }
  throw fail('ENGINE_FAILED', `The container engine could not rename a sandbox: ${text}`, { next: 'The engine’s own log says more.' })
}
