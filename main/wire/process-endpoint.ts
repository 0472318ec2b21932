import type { Endpoint } from '../../shared/wire/endpoint.ts'
import { frameClient } from '../../shared/wire/frame-client.ts'
import type { CallContext } from '../rpc/context.ts'
import type { Dispatch } from '../rpc/dispatch.ts'
import { serveFrames } from './frame-server.ts'
import { memoryPipe } from './memory-pipe.ts'
import type { Subscribe } from './subscribe.ts'

/** The engine of this very process as an endpoint, for a shell that hosts it. */
export function processEndpoint(deps: { dispatch: Dispatch; subscribe: Subscribe; caller: Omit<CallContext<unknown>, 'signal' | 'emit'> }): Endpoint {
  const { client, server } = memoryPipe()
  serveFrames(server, deps)
  return frameClient(client, () => undefined)
}
