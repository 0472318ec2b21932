import { afterAll, beforeAll } from 'vitest'
import { connect } from '../../../main/doors/client/client.ts'
import { type MemoryHouse, openMemoryHouse } from '../../support/memory-house.ts'
import { transportContract } from '../../support/transport-contract.ts'

let house: MemoryHouse
beforeAll(async () => {
  house = await openMemoryHouse({ sandbox: { replicas: 20 } })
})
afterAll(async () => await house.close())

transportContract('the engine in this process', {
  house: () => house,
  topics: true,
  async connect() {
    const endpoint = await house.house.engine.endpoint('desktop')
    return { transport: 'ipc', caller: endpoint, endpoint, close: () => endpoint.close() }
  },
})

transportContract('over a WebSocket', {
  house: () => house,
  topics: true,
  async connect() {
    const client = await connect(house.house.home)
    const endpoint = await client.socket(() => undefined)
    return {
      transport: 'socket',
      caller: endpoint,
      endpoint,
      close() {
        endpoint.close()
        client.close()
      },
    }
  },
})

transportContract('calls over HTTP', {
  house: () => house,
  topics: false,
  async connect() {
    const client = await connect(house.house.home)
    return {
      transport: 'http',
      endpoint: null,
      close: () => client.close(),
      caller: { call: (name, input, { signal, onChunk } = {}) => client.call(name, input, { signal: signal as AbortSignal | undefined, onChunk }) },
    }
  },
})
