import type { Tokens } from '../tokens/tokens.ts'
import { type DoorDeps, doorHandlers } from './door-handlers.ts'
import type { Handlers } from './handlers.ts'
import { type InsideDeps, insideHandlers } from './inside-handlers.ts'
import { houseHandlers, type HouseDeps } from './house-handlers.ts'
import { sandboxHandlers } from './sandbox-handlers.ts'
import { tokenHandlers } from './token-handlers.ts'
import { workHandlers } from './work-handlers.ts'

/** The contract's calls, bound to one engine. */
export function bindHandlers(deps: HouseDeps & DoorDeps & InsideDeps & { tokens: Tokens }): Handlers {
  return { ...sandboxHandlers(deps), ...workHandlers(deps), ...houseHandlers(deps), ...tokenHandlers(deps), ...doorHandlers(deps), ...insideHandlers(deps) }
}
