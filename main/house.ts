import type { CallResult } from '../shared/contract.ts'
import { asBerthError } from '../shared/errors.ts'
import type { Config } from '../shared/config.ts'
import type { Backend } from './backends/backend.ts'
import type { Choice } from './choose-backend.ts'
import type { ImageKeeper } from './image-keeper.ts'
import type { Provider } from './provider/provider-api.ts'
import { version } from './version.ts'

/** The `status` call: the engine as a whole, measured when asked. */
export function statusOf(deps: {
  backend: Backend
  choice: Choice
  provider: Pick<Provider, 'list' | 'spares' | 'next'>
  image: ImageKeeper
  config: () => Config
  home: string
  instance: string
  startedAt: number
  warnings: () => readonly string[]
}): () => Promise<CallResult<'status'>> {
  const startedAt = new Date(deps.startedAt).toISOString()
  return async () => {
    const { backend, choice } = deps
    const image = backend.kind === 'embedded' || backend.kind === 'remote' ? null : deps.config().image
    const facts = await backend.facts().then(
      (it) => ({ engine: `${it.name} ${it.version}`, problem: null }),
      (error: unknown) => ({ engine: null, problem: asBerthError(error).message }),
    )
    const present = facts.problem === null && (image === null || (await backend.prepared(image)))
    const { sandboxes, replicas } = deps.provider.list()
    const counts: Record<string, number> = {}
    for (const { status } of sandboxes) counts[status] = (counts[status] ?? 0) + 1
    return {
      version,
      instance: deps.instance,
      pid: process.pid,
      started_at: startedAt,
      home: deps.home,
      backend: { ...choice, isolation: backend.isolation, reachable: facts.problem === null, ...facts },
      image: { name: image, present, progress: deps.image.progress() },
      slots: deps.provider.spares(),
      counts,
      replicas,
      next: deps.provider.next(backend.kind === 'none' ? 'none' : facts.problem === null ? 'there' : 'away'),
      warnings: [...deps.warnings()],
    }
  }
}
