import type { HouseState } from '../../shared/state.ts'
import type { Endpoint } from '../../shared/wire/endpoint.ts'

/** The state now, as a screen gets it first. */
export async function stateOf(endpoint: Endpoint): Promise<HouseState> {
  return await new Promise((resolve, reject) => {
    const subscription = endpoint.subscribe(
      'state',
      {},
      {
        event(event) {
          if (event.type !== 'snapshot') return
          subscription.close()
          resolve(event.state)
        },
        end: (error) => reject(new Error(error?.message ?? 'the state ended')),
      },
    )
  })
}
