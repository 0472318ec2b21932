import { afterAll, beforeAll } from 'vitest'
import { engineLink } from '../../../app/engine/link.ts'
import { servePage } from '../../../app/ipc/serve-page.ts'
import { portConnector } from '../../../renderer/transport/port-connector.ts'
import type { Endpoint } from '../../../shared/wire/endpoint.ts'
import { fakeSystem } from '../../support/fake-system.ts'
import { type MemoryHouse, openMemoryHouse } from '../../support/memory-house.ts'
import { transportContract } from '../../support/transport-contract.ts'
import { eventually } from '../../support/wait.ts'

let house: MemoryHouse
beforeAll(async () => {
  house = await openMemoryHouse({ sandbox: { replicas: 20 } })
})
afterAll(async () => await house.close())

/** The page's connector, the preload, the shell's relay: all real, and what is cloned between page and shell is cloned. */
transportContract("over the shell's IPC", {
  house: () => house,
  topics: true,
  async connect() {
    const engine = await house.house.engine.endpoint('desktop')
    const fake = fakeSystem()
    const { instance } = house.house.engine
    const link = engineLink({
      attach: () =>
        Promise.resolve({ here: true, instance, endpoint: engine, gone: new Promise<string>(() => undefined), close: () => Promise.resolve(engine.close()) }),
      startHere: () => Promise.reject(new Error('one is there')),
      now: () => performance.now(),
      later: () => () => undefined,
      version: '0',
    })
    const window = fake.system.windows.open({ bounds: { width: 1, height: 1 }, background: '', preload: '', icon: null })
    const page = servePage({
      pipes: fake.system.pipes,
      link,
      window: () => window,
      now: () => performance.now(),
      native: () => Promise.resolve(),
      answered: () => undefined,
    })
    window.load('app://bundle/index.html')
    await link.open()
    const shown = fake.windows[0] ?? fail()
    const connector = portConnector(shown.page, (listener) => shown.ports(listener))
    await eventually('the page is connected', () => connector.current().state === 'open')
    const { endpoint } = connector.current() as { endpoint: Endpoint }
    return {
      transport: 'ipc',
      caller: endpoint,
      endpoint,
      async close() {
        connector.close()
        page.left()
        await link.close()
      },
    }
  },
})

function fail(): never {
  throw new Error('no page')
}
