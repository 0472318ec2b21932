import type { Tokens } from '../../house/tokens/tokens.ts'
import { type DoorDeps, doorHandlers, type HouseDeps, houseHandlers, tokenHandlers } from './house-handlers.ts'
import type { Handlers } from './handlers.ts'
import { type ScreenDeps, screenHandlers, workHandlers } from './work-handlers.ts'
import { sandboxHandlers } from './sandbox-handlers.ts'

/** The contract's calls, bound to one engine. */
export function bindHandlers(deps: HouseDeps & DoorDeps & ScreenDeps & { tokens: Tokens }): Handlers {
  return { ...sandboxHandlers(deps), ...workHandlers(deps), ...houseHandlers(deps), ...tokenHandlers(deps), ...doorHandlers(deps), ...screenHandlers(deps) }
}
