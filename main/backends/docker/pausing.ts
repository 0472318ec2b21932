import type { Clock } from '../../clock.ts'
import { fail } from '../../../shared/errors.ts'
import type { Engine } from './engine.ts'

/**
 * After an unpause that returned 204, Docker 20.10 sometimes goes on saying “is paused” for up to about 90 ms (it learns
 * of it by an event). So a 409 is asked again for this long before it is believed.
 */
const staleMs = 300

/** Pauses or unpauses; returns when the engine itself reports the new state. In that state already is fine. */
export async function setPaused(engine: Engine, clock: Clock, ref: string, paused: boolean): Promise<void> {
  const doing = paused ? 'pause a sandbox' : 'unpause a sandbox'
  const container = engine.docker.getContainer(ref)
  const deadline = clock.now() + staleMs
  for (;;) {
    const done = await engine.call<boolean>(
      doing,
      15_000,
      async (abortSignal) => {
        await (paused ? container.pause({ abortSignal }) : container.unpause({ abortSignal }))
        return true
      },
      { answers: { 404: () => lost('it is gone'), 409: already, 500: already } },
    )
    if (done || clock.now() > deadline) break
    await clock.sleep(25)
  }
  for (const last = clock.now() + 5_000; ; ) {
    const state = await engine.call<{ Paused: boolean; Running: boolean }>(
      'look at a sandbox',
      10_000,
      async (abortSignal) => (await container.inspect({ abortSignal })).State,
      { idempotent: true, answers: { 404: () => lost('it is gone') } },
    )
    if (!state.Running) lost('it has ended')
    if (state.Paused === paused) return
    if (clock.now() > last) {
      throw fail('ENGINE_FAILED', `The container engine could not ${doing}: it says that it did, but the state is unchanged`, {
        next: 'Try again; the engine’s own log says more.',
      })
    }
    await clock.sleep(10)
  }

  function already({ text }: { text: string }): boolean {
    if (/is already paused|is not paused/i.test(text)) return false
    if (/not running|is restarting/i.test(text)) return lost('it has ended')
    throw fail('ENGINE_FAILED', `The container engine could not ${doing}: ${text}`, { next: 'The engine’s own log says more.' })
  }
}

function lost(why: string): never {
  throw fail('SANDBOX_LOST', `The sandbox cannot be paused or woken: ${why}`, { next: 'Acquire again; the files of the thread are still there.' })
}
