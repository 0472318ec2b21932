import type { Clock } from '../../base/clock.ts'
import { fail } from '../../../shared/errors.ts'
import type { Engine } from './docker-engine.ts'

/** How long the engine may take to have a container gone after it was told to remove it. */
const patience = 30_000

/**
 * Ends and removes one container. A polite stop first where there is a grace and the container runs; a paused one
 * would only wait the grace out. Resolves when the engine says that it is gone.
 */
export async function removeContainer(engine: Engine, clock: Clock, ref: string, graceSeconds: number): Promise<void> {
  if (graceSeconds > 0 && (await stateOf(engine, ref)) === 'running') await stop(engine, ref, graceSeconds)
  const deadline = clock.now() + patience
  for (let wait = 25; ; wait = Math.min(wait * 2, 500)) {
    const gone = await engine.call<boolean>(
      'remove a sandbox',
      patience,
      async (abortSignal) => {
        await engine.docker.getContainer(ref).remove({ force: true, v: true, abortSignal })
        return true
      },
      // 409: somebody else's removal is under way. 500: the engine could not unmount yet; it keeps the container as `dead`.
      { answers: { 404: () => true, 409: () => false, 500: stillBusy } },
    )
    if (gone || (await stateOf(engine, ref)) === 'gone') return
    if (clock.now() > deadline) {
      throw fail('ENGINE_FAILED', `The container engine has not removed ${ref.slice(0, 12)} within ${patience / 1000} s`, {
        next: `Look at it with \`docker inspect ${ref.slice(0, 12)}\`; Berth tries again.`,
      })
    }
    await clock.sleep(wait)
  }
}

function stillBusy({ text }: { text: string }): boolean {
  if (/no such container/i.test(text)) return true
  if (/busy|in progress|failed to remove|could not kill|tried to kill/i.test(text)) return false
  throw fail('ENGINE_FAILED', `The container engine could not remove a sandbox: ${text}`, { next: 'The engine’s own log says more; Berth tries again.' })
}

/** Bounded by the grace, after which the engine kills; whatever it answers, a removal by force follows. */
async function stop(engine: Engine, ref: string, graceSeconds: number): Promise<void> {
  const grace = Math.ceil(graceSeconds)
  await engine.call<void>(
    'stop a sandbox',
    grace * 1000 + 15_000,
    async (abortSignal) => {
      await engine.docker.getContainer(ref).stop({ t: grace, abortSignal })
    },
    { answers: { 304: () => undefined, 404: () => undefined, 409: () => undefined, 500: () => undefined } },
  )
}

async function stateOf(engine: Engine, ref: string): Promise<string> {
  return engine.call<string>(
    'look at a sandbox',
    10_000,
    async (abortSignal) => (await engine.docker.getContainer(ref).inspect({ abortSignal })).State.Status,
    { idempotent: true, answers: { 404: () => 'gone' } },
  )
}
