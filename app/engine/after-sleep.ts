import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineLink } from './link.ts'
import type { HouseMirror } from './house-mirror.ts'

const patienceMs = 5000

/** The machine slept: the engine looks again at what is there, and so do we. One that does not answer is given up and looked for anew. */
export async function afterSleep(link: EngineLink, mirror: Pick<HouseMirror, 'resync'>): Promise<void> {
  const now = link.current()
  if (now.state !== 'open') return link.retry()
  mirror.resync()
  // However it answers: it is there.
  const asked = now.engine.endpoint.call('retry', {}).then(() => true, () => true)
  if (!(await Promise.race([asked, sleep(patienceMs, false, { ref: false })]))) await link.drop('it did not answer after the machine slept')
}
