import { describeBackend } from '../support/backend-contract.ts'
import { newSpec, type BackendSubject } from '../support/backend-subject.ts'
import { seeded } from '../support/seeded.ts'
import { simBackend, type SimBackend } from '../support/sim-backend.ts'
import { followRealTime, simTime } from '../support/sim-clock.ts'
import { simWorld } from '../support/sim-engine.ts'
import { simSandbox } from '../support/sim-sandbox.ts'
import { BerthError } from '../../shared/errors.ts'

/** The simulated backend against the suite of the real ones, so that histories run against what real engines do. */
const random = seeded(1)
const time = simTime(random, Date.now())
const world = simWorld(time, random)
world.lag.boot = [5, 60]
world.lag.stop = [5, 200]

async function make(): Promise<BackendSubject> {
  const follow = followRealTime(time)
  const home = `/home-${random.hex(6)}`
  const backends: SimBackend[] = []
  const process = time.process('contract')
  const open = (owner: { installation: string; home: string }) => {
    const backend = simBackend(world, { owner, process })
    backends.push(backend)
    return backend
  }
  const owner = { installation: 'i', home }
  return {
    backend: open(owner),
    image: 'sim-image',
    version: '0.0.0-sim',
    spec: (overrides) => newSpec('sim', 'sim-image', overrides),
    neighbour: async (differs) => open({ ...owner, [differs]: `other-${differs}` }),
    killOutside: async (found) => world.die(found.ref, 137, 'outsider'),
    say: async (found, _key, text) => world.say(found.ref, text),
    talk: {
      status: async (found, key, timeoutMs) => {
        try {
          await simSandbox(world, process, { url: found.url ?? 'nowhere', key }).probe(timeoutMs)
          return 200
        } catch (thrown) {
          if (!(thrown instanceof BerthError)) throw thrown
          return thrown.code === 'SANDBOX_REFUSED' ? 401 : null
        }
      },
      exec: () => Promise.reject(new Error('no command runs in a simulated engine')),
    },
    cleanup: async () => {
      for (const backend of backends) await backend.close()
      for (const it of [...world.containers.values()]) if (it.owner?.home === home) world.remove(it.ref, 'outsider')
      await follow.close()
    },
  }
}

describeBackend('simulated', make, { pausable: true, sharedNames: true, outlivesClose: true, real: false })
