import type { Endpoint } from '../../shared/wire/endpoint.ts'
import { frameClient } from '../../shared/wire/frame-client.ts'
import type { CallContext } from '../rpc/context.ts'
import type { Dispatch } from '../rpc/dispatch.ts'
import { type Served, serveFrames } from './frame-server.ts'
import { memoryPipe } from './memory-pipe.ts'
import type { Subscribe } from './subscribe.ts'

/** The engine of this very process as an endpoint, for a shell that hosts it; `served` ends it from the engine's side. */
export function processEndpoint(deps: {
  dispatch: Dispatch
  subscribe: Subscribe
  caller: Omit<CallContext<unknown>, 'signal' | 'emit'>
  onClosed: () => void
}): { endpoint: Endpoint; served: Served } {
  const { client, server } = memoryPipe()
  const served = serveFrames(server, deps)
  return { endpoint: frameClient(client, () => undefined), served }
}
